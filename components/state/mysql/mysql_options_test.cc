// SPDX-License-Identifier: Apache-2.0
#include "mysql_options.h"

#include "result/status.h"
#include "support/catch.h"
#include "support/state_store_user.h"

namespace MECHA_COMPONENT {
namespace {

StatusOr<MysqlOptions> Read(const test::Fields& more) {
  test::Fields fields = {
      {"connectionString", "u:p@tcp(db)/"}, {"schemaName", "dapr"},      {"tableName", "state"},
      {"metadataTableName", "meta"},        {"timeoutInSeconds", "20s"}, {"cleanupInterval", "1h"}};
  for (const auto& [name, text] : more) {
    fields[name] = text;
  }
  return ReadOptions(test::MakeSettings("state.mysql", fields));
}

TEST_CASE("settings become options") {
  const auto options = Read({});
  REQUIRE(options.ok());
  CHECK(options->address.Text() == "db:3306");
  CHECK(options->user == "u");
  CHECK(options->schema == "dapr");
  CHECK(options->read_timeout == std::chrono::seconds(20));
  CHECK(options->cleanup_interval == std::chrono::hours(1));
}

TEST_CASE("an option of Dapr's driver that asks in vain is a warning") {
  const auto options =
      Read({{"connectionString", "u:p@tcp(db)/?parseTime=true&readTimeout=5s&collation=x"}});
  REQUIRE(options.ok());
  REQUIRE(options->warnings.size() == 2);
  CHECK(options->warnings[0] ==
        "connectionString: readTimeout has no effect here; set timeoutInSeconds");
  CHECK(options->warnings[1].find("collation has no effect") != std::string::npos);
  CHECK(Read({})->warnings.empty());
}

TEST_CASE("a name that could end a statement is refused, and named by its field") {
  for (const std::string field : {"schemaName", "tableName", "metadataTableName"}) {
    for (const std::string name : {"", "a b", "a;b", "a`b", "a.b", "\xC3\xA4"}) {
      const Status status = Read({{field, name}}).status();
      CHECK(status.code() == StatusCode::kInvalidArgument);
      CHECK(status.message().find(field) == 0);
    }
  }
}

TEST_CASE("what this version cannot do is UNIMPLEMENTED, what makes no sense INVALID_ARGUMENT") {
  CHECK(Read({{"pemPath", "/x"}}).status().code() == StatusCode::kUnimplemented);
  CHECK(Read({{"timeoutInSeconds", "0s"}}).status().code() == StatusCode::kInvalidArgument);
  CHECK(Read({{"connectionString", "u@tcp(a)/other"}}).status().code() ==
        StatusCode::kInvalidArgument);
  CHECK(Read({{"connectionString", "tcp(a)/"}}).status().code() == StatusCode::kInvalidArgument);
  CHECK(Read({{"connectionString", "u@tcp(a)/dapr"}}).ok());
}

}  // namespace
}  // namespace MECHA_COMPONENT
