// SPDX-License-Identifier: Apache-2.0
#include "mysql_dsn.h"

#include "result/status.h"
#include "support/catch.h"

namespace MECHA_COMPONENT {
namespace {

std::string ErrorOf(std::string_view text, StatusCode code = StatusCode::kInvalidArgument) {
  const Status status = ParseDsn(text).status();
  CHECK(status.code() == code);
  CHECK(status.message().find("hunter2") == std::string_view::npos);
  return std::string(status.message());
}

TEST_CASE("a connection string is taken apart") {
  const auto dsn = ParseDsn("dapr:pass@tcp(db:3307)/?allowNativePasswords=true&tls=false");
  REQUIRE(dsn.ok());
  CHECK(dsn->user == "dapr");
  CHECK(dsn->password == "pass");
  CHECK(dsn->address.Text() == "db:3307");
  CHECK(dsn->database.empty());
}

TEST_CASE("a password may hold every mark, and all but the slash may be absent") {
  const auto odd = ParseDsn("u:p@ss:w/o(r)d@tcp([::1])/db");
  REQUIRE(odd.ok());
  CHECK(odd->password == "p@ss:w/o(r)d");
  CHECK(odd->address.Text() == "[::1]:3306");
  CHECK(odd->database == "db");
  const auto least = ParseDsn("/");
  REQUIRE(least.ok());
  CHECK(least->user.empty());
  CHECK(least->address.Text() == "127.0.0.1:3306");
  CHECK(ParseDsn("root@tcp(a)/")->password.empty());
}

TEST_CASE("what is wrong is told without the password") {
  CHECK(ErrorOf("u:hunter2@tcp(a)").find("\"/\" is missing") != std::string::npos);
  CHECK(ErrorOf("u:hunter2@tcp(a:x)/").find("port \"x\"") != std::string::npos);
  CHECK(ErrorOf("u:hunter2@tcp(a/").find("bracket") != std::string::npos);
  CHECK(ErrorOf("u:hunter2@pipe(a)/").find("tcp(host:port)") != std::string::npos);
  CHECK(ErrorOf("u:hunter2@tcp(a)/?colation=x").find("\"colation\"") != std::string::npos);
  CHECK(ErrorOf("u:hunter2@tcp(a)/?tls=true", StatusCode::kUnimplemented).find("later") !=
        std::string::npos);
  CHECK(ErrorOf("u:hunter2@unix(/run/s)/", StatusCode::kUnimplemented).find("tcp") !=
        std::string::npos);
}

}  // namespace
}  // namespace MECHA_COMPONENT
