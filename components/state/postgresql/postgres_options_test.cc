// SPDX-License-Identifier: Apache-2.0
#include "postgres_options.h"

#include "call/read_file.h"
#include "postgres_fields.h"
#include "result/status.h"
#include "support/catch.h"

namespace MECHA_COMPONENT {
namespace {

StatusOr<PostgresOptions> Read(const Fields& fields, Layout layout = Layout::kV2) {
  return ReadOptions(MakeSettings(fields), layout);
}

const std::string kPlace = "host=db user=me";

TEST_CASE("Dapr's defaults hold where nothing is said") {
  const auto options = Read({{"connectionString", kPlace}});
  REQUIRE(options.ok());
  REQUIRE(options->endpoints.size() == 1);
  CHECK(options->endpoints[0].Text() == "db:5432");
  CHECK(options->words == ConnectionWords{{"user", "me"}, {"dbname", "me"}});
  CHECK(options->table == "state");
  CHECK(options->metadata_table == "dapr_metadata");
  CHECK(options->timeout == std::chrono::seconds(20));
  CHECK(options->cleanup_interval == std::chrono::hours(1));
  CHECK(options->pool_size >= 4);
  CHECK(options->prepares);
  CHECK_FALSE(options->may_upgrade);
}

TEST_CASE("single fields win over the connection string, and url is another name of it") {
  const auto options = Read({{"url", "postgres://you@other:1/x"},
                             {"host", "db"},
                             {"port", "5433"},
                             {"database", "shop"},
                             {"user", "me"},
                             {"password", "p"},
                             {"sslRootCert", "/ca.pem"}});
  REQUIRE(options.ok());
  CHECK(options->endpoints[0].Text() == "db:5433");
  CHECK(options->words ==
        ConnectionWords{
            {"user", "me"}, {"password", "p"}, {"dbname", "shop"}, {"sslrootcert", "/ca.pem"}});
  CHECK(Read({{"hostaddr", "::1"}, {"user", "me"}})->endpoints[0].Text() == "[::1]:5432");
}

TEST_CASE("several servers are tried in order, each with its port") {
  const auto options =
      Read({{"connectionString", "host=a,/run/pg hostaddr=10.0.0.1, port=1,2 user=me"}});
  REQUIRE(options.ok());
  REQUIRE(options->endpoints.size() == 2);
  CHECK(options->endpoints[0].Text() == "a:1");
  CHECK(options->endpoints[0].address == "10.0.0.1");
  CHECK(options->endpoints[1].Text() == "/run/pg");
  CHECK(IsInvalidArgument(Read({{"connectionString", "host=a,b,c port=1,2 user=me"}}).status()));
}

TEST_CASE("table names are Dapr's, with or without a schema") {
  CHECK(Read({{"host", "h"}, {"user", "me"}, {"tablePrefix", "shop.x_"}})->table == "shop.x_state");
  CHECK(Read({{"host", "h"}, {"user", "me"}, {"tablePrefix", "shop."}})->table == "shop.state");
  CHECK(Read({{"host", "h"}, {"user", "me"}, {"tableName", "\"A b\".t"}}, Layout::kV1)->table ==
        "\"A b\".t");
  for (const char* name : {"a b", "a;b", "a.b.c", "1a", "a-", "\"", "\"a\"b\"", "a.", "'x'"}) {
    INFO(name);
    CHECK(IsInvalidArgument(
        Read({{"host", "h"}, {"user", "me"}, {"tableName", name}}, Layout::kV1).status()));
    CHECK(IsInvalidArgument(
        Read({{"host", "h"}, {"user", "me"}, {"metadataTableName", name}}).status()));
  }
}

TEST_CASE("older names, limits and the driver's own words are read") {
  const auto options = Read(
      {{"connectionString", kPlace + " pool_max_conns=7 pool_max_conn_idle_time=1m"
                                     " pool_max_conn_lifetime=1h connect_timeout=3 pool_min_conns=2"
                                     " default_query_exec_mode=exec"},
       {"timeoutInSeconds", "5s"},
       {"cleanupIntervalInSeconds", "0s"}});
  REQUIRE(options.ok());
  CHECK(options->pool_size == 7);
  CHECK(options->idle_timeout == std::chrono::minutes(1));
  CHECK(options->max_connection_age == std::chrono::hours(1));
  CHECK(options->dial_timeout == std::chrono::seconds(3));
  CHECK(options->timeout == std::chrono::seconds(5));
  CHECK(options->cleanup_interval == Duration::zero());
  CHECK_FALSE(options->prepares);
  CHECK(options->warnings.size() == 1);
  CHECK(Read({{"connectionString", kPlace + " pool_max_conns=7"}, {"maxConns", "9"}})->pool_size ==
        9);
}

TEST_CASE("what cannot work is refused with the field's name") {
  const std::pair<Fields, std::string_view> cases[] = {
      {{{"user", "me"}}, "host"},
      {{{"host", "h"}}, "user"},
      {{{"host", "h"}, {"user", "me"}, {"port", "0"}}, "port"},
      {{{"host", "h"}, {"user", "me"}, {"timeout", "500ms"}}, "timeout"},
      {{{"host", "h"}, {"user", "me"}, {"maxConns", "-1"}}, "maxConns"},
      {{{"connectionString", kPlace + " pool_max_conns=x"}}, "pool_max_conns"},
      {{{"connectionString", kPlace + " sslmode=verify-full"}}, "sslRootCert"},
      {{{"connectionString", kPlace}, {"sslMode", "verify-ca"}}, "sslRootCert"},
      {{{"connectionString", kPlace}, {"sslCert", "/client.pem"}}, "sslKey"},
  };
  for (const auto& [fields, name] : cases) {
    const Status status = Read(fields).status();
    INFO(name);
    CHECK(IsInvalidArgument(status));
    CHECK(status.message().find(name) != std::string_view::npos);
  }
  for (const std::string word : {" service=x", " target_session_attrs=prefer-standby"}) {
    CHECK(IsUnimplemented(Read({{"connectionString", kPlace + word}}).status()));
  }
  CHECK(IsUnimplemented(Read({{"host", "h"}, {"user", "me"}, {"useAWSIAM", "true"}}).status()));
}

TEST_CASE("certificates as text become files, and one that nobody looks at is a warning") {
  const std::string pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  const auto options = Read({{"connectionString", kPlace}, {"sslRootCert", pem}});
  REQUIRE(options.ok());
  const std::string path = options->words.find("sslrootcert")->second;
  CHECK(path.starts_with("/proc/self/fd/"));
  CHECK(*ReadFile(path, 1000) == pem);
  REQUIRE(options->warnings.size() == 1);
  CHECK(options->warnings.front().find("sslMode to verify-full") != std::string::npos);
  const Fields checked = {{"connectionString", kPlace + " sslmode=require"},
                          {"sslRootCert", "/ca"}};
  CHECK(Read(checked)->warnings.empty());
}

TEST_CASE("what is secret can be overwritten") {
  auto options = Read({{"connectionString", kPlace + " password=secret"}});
  REQUIRE(options.ok());
  options->Wipe();
  CHECK(options->words["password"] == std::string(6, '\0'));
}

}  // namespace
}  // namespace MECHA_COMPONENT
