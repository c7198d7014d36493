// SPDX-License-Identifier: Apache-2.0
// Encrypted connections: libpq's, driven by our waits.
#include "postgres_store_fixture.h"

namespace MECHA_COMPONENT {
namespace {

test::TestPostgres& EncryptedServer() {
  static test::TestPostgres server(
      {.settings = {}, .wants_passwords = false, .is_encrypted = true});
  return server;
}

// Opens a store as the user postgres of `host` with more words of a connection string.
struct Encrypted {
  explicit Encrypted(const std::string& words, const Fields& fields = {})
      : test(EncryptedServer(), "postgres", Layout::kV2, WithWords(words, fields)),
        status(test.Init()) {}

  static Fields WithWords(const std::string& words, Fields fields) {
    fields["connectionString"] = EncryptedServer().Connection() + " " + words;
    return fields;
  }

  TestStore test;
  Status status;
};

const std::string kEncryptedSessions =
    "SELECT count(*) > 0, bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
    " WHERE application_name = 'mecha'";

TEST_CASE("a session is encrypted where the server can, also when nobody says so") {
  for (const char* words : {"", "sslmode=require"}) {
    Encrypted one(words);
    INFO(one.status.message());
    REQUIRE(one.status.ok());
    CHECK(EncryptedServer().Sql("postgres", kEncryptedSessions) == "t|t\n");
  }
}

TEST_CASE("the server's certificate and name are checked when that is asked for") {
  const Fields root = {{"sslRootCert", EncryptedServer().certificate()}};
  const Encrypted right("sslmode=verify-full host=localhost", root);
  INFO(right.status.message());
  CHECK(right.status.ok());
  const Encrypted other_name("sslmode=verify-full", root);
  CHECK(IsUnavailable(other_name.status));
  CHECK(other_name.status.message().find("does not match") != std::string_view::npos);
  const Encrypted no_file("sslmode=verify-ca", {{"sslRootCert", "/no/such/file"}});
  CHECK(IsFailedPrecondition(no_file.status));
}

TEST_CASE("a server that wants encryption refuses a session without") {
  const Encrypted plain("sslmode=disable");
  CHECK(HasCode(plain.status, StatusCode::kUnauthenticated));
}

TEST_CASE("values of every size come whole over an encrypted session, and calls end in time") {
  Encrypted one("sslmode=require");
  REQUIRE(one.status.ok());
  for (const size_t size : {0, 1, 5'000, 8'100, 16'300, 16'400, 40'000, 300'000, 9'000'000}) {
    const std::string value(size, 'x');
    INFO(size);
    REQUIRE(one.test.user.Write(SetOf("k", value)).ok());
    REQUIRE((one.test.user.Read("k") == value));
  }
  const std::string value(200'000, 'y');
  std::vector<StateWrite> writes(20, SetOf("k", value));
  CHECK(one.test.user.WriteMany(writes).ok());
  writes.resize(1);
  writes.push_back(SetOf("l", value));
  CHECK(one.test.user.Transact(writes).ok());
  EncryptedServer().Pause();
  TestCall call(one.test.In(std::chrono::milliseconds(100)));
  const auto start = std::chrono::steady_clock::now();
  CHECK(IsDeadlineExceeded(one.test.user.Get("k", &call.context).status()));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(1));
  EncryptedServer().Continue();
  CHECK((one.test.user.Read("l") == value));
}

}  // namespace
}  // namespace MECHA_COMPONENT
