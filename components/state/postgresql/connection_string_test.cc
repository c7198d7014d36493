// SPDX-License-Identifier: Apache-2.0
#include "connection_string.h"

#include <cstdlib>

#include "connection_text.h"
#include "result/status.h"
#include "support/catch.h"

namespace MECHA_COMPONENT {
namespace {

ConnectionWords Parsed(std::string_view text) {
  const auto words = ParseConnectionString(text);
  REQUIRE(words.ok());
  return *words;
}

TEST_CASE("keywords are read as libpq reads them") {
  CHECK(Parsed("").empty());
  CHECK(Parsed("  ").empty());
  CHECK(Parsed("host=a user=b") == ConnectionWords{{"host", "a"}, {"user", "b"}});
  CHECK(Parsed("host = a\tUSER= 'b c'") == ConnectionWords{{"host", "a"}, {"user", "b c"}});
  CHECK(Parsed(R"(password='it\'s\\' user=a\ b)") ==
        ConnectionWords{{"password", R"(it's\)"}, {"user", "a b"}});
  CHECK(Parsed("database=shop") == ConnectionWords{{"dbname", "shop"}});
  CHECK(Parsed("password='' host=a") == ConnectionWords{{"password", ""}, {"host", "a"}});
  CHECK(Parsed("port=1 port=2") == ConnectionWords{{"port", "2"}});
}

TEST_CASE("a URL is read as libpq reads it") {
  CHECK(Parsed("postgres://localhost") == ConnectionWords{{"host", "localhost"}});
  CHECK(Parsed("postgresql://me:p%40ss@db:5433/shop?sslmode=require&application_name=a%20b") ==
        ConnectionWords{{"host", "db"},
                        {"port", "5433"},
                        {"user", "me"},
                        {"password", "p@ss"},
                        {"dbname", "shop"},
                        {"sslmode", "require"},
                        {"application_name", "a b"}});
  CHECK(Parsed("postgres://[::1]:5432,b/x") ==
        ConnectionWords{{"host", "::1,b"}, {"port", "5432,"}, {"dbname", "x"}});
  CHECK(Parsed("postgres:///shop?host=/run/pg") ==
        ConnectionWords{{"host", "/run/pg"}, {"dbname", "shop"}});
  CHECK(Parsed("postgres://a@b@host/") == ConnectionWords{{"host", "host"}, {"user", "a@b"}});
}

TEST_CASE("what cannot be read is refused without showing it") {
  for (const std::string_view text :
       {"secret", "host=a secret", "=secret", "password='secret", "two words=secret",
        "postgres://me:secret%4@h", "postgres://me:secret%zz@h", "postgres://h/%00secret"}) {
    INFO(text);
    const auto words = ParseConnectionString(text);
    CHECK(IsInvalidArgument(words.status()));
    CHECK(words.status().message().find("secret") == std::string_view::npos);
  }
}

bool Says(const std::string& text, const std::string& word) {
  return (" " + text).find(" " + word + " ") != std::string::npos;
}

TEST_CASE("libpq is told every keyword that it would take from the environment") {
  const std::string text = ConnectionText({{"user", "o'me"}, {"password", "p"}, {"dbname", "d"}},
                                          {"db", "10.0.0.1", "5433"});
  for (const char* word :
       {"host='db'", "hostaddr='10.0.0.1'", "port='5433'", "user='o\\'me'", "password='p'",
        "dbname='d'", "options=''", "sslmode='prefer'", "client_encoding='UTF8'",
        "gssencmode='disable'", "target_session_attrs='any'", "sslkey=''", "sslcrl=''",
        "passfile='/dev/null/none'", "sslcert='/dev/null/none'", "requirepeer=''"}) {
    INFO(word);
    CHECK(Says(text, word));
  }
}

TEST_CASE("what is written wins, and what libpq does not know is a parameter of the session") {
  const std::string text = ConnectionText({{"user", "me"},
                                           {"sslmode", "verify-full"},
                                           {"options", "-c work_mem=1MB"},
                                           {"search_path", "a, b"}},
                                          {"/run/pg", "", "5432"});
  CHECK(Says(text, "sslmode='verify-full'"));
  CHECK(Says(text, "host='/run/pg'"));
  CHECK(Says(text, "hostaddr=''"));
  // Escaped for the server, then for libpq.
  CHECK(Says(text, R"(options='-c work_mem=1MB -c search_path=a,\\ b')"));
}

}  // namespace
}  // namespace MECHA_COMPONENT
