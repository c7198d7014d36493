// SPDX-License-Identifier: Apache-2.0
// Encrypted connections: libpq's, driven by our waits.
#include <filesystem>
#include <fstream>
#include <iterator>

#include "postgres_store_fixture.h"
#ifdef MECHA_TEST_TLS
#include "support/test_authority.h"
#endif

namespace MECHA_COMPONENT {
namespace {

test::TestPostgres& EncryptedServer() {
  static test::TestPostgres server(
      {.settings = {}, .wants_passwords = false, .is_encrypted = true});
  return server;
}

// Opens a store as the user postgres with more words of a connection string.
struct Encrypted {
  explicit Encrypted(const std::string& words, const Fields& fields = {},
                     test::TestPostgres& server = EncryptedServer())
      : test(server, "postgres", Layout::kV2, WithWords(server, words, fields)),
        status(test.Init()) {}

  static Fields WithWords(test::TestPostgres& server, const std::string& words, Fields fields) {
    fields["connectionString"] = server.Connection() + " " + words;
    return fields;
  }
  bool Says(std::string_view part) const {
    INFO(status.message());
    return status.message().find(part) != std::string_view::npos;
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
  CHECK(HasCode(other_name.status, StatusCode::kUnauthenticated));
  CHECK(other_name.Says("does not match"));
  CHECK(other_name.Says("hostaddr"));
  const Encrypted only_signed("", {{"sslMode", "verify-ca"}, *root.begin()});
  CHECK(only_signed.status.ok());
  const Encrypted no_file("sslmode=verify-ca", {{"sslRootCert", "/no/such/file"}});
  CHECK(IsFailedPrecondition(no_file.status));
  CHECK(no_file.Says("/no/such/file"));
}

#ifdef MECHA_TEST_TLS
TEST_CASE("certificates may be text, and one that did not sign the server's is refused") {
  std::ifstream file(EncryptedServer().certificate());
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const Fields full = {{"sslMode", "verify-full"}, {"host", "localhost"}, {"sslRootCert", text}};
  Encrypted right("", full);
  INFO(right.status.message());
  REQUIRE(right.status.ok());
  CHECK(right.test.user.Write(SetOf("k", "v")).ok());
  Fields other = full;
  other["sslRootCert"] = test::TestAuthority("Another Authority").certificate();
  const Encrypted wrong("", other);
  CHECK(HasCode(wrong.status, StatusCode::kUnauthenticated));
  CHECK(wrong.Says("not signed by what sslRootCert holds"));
  CHECK(wrong.Says("localhost"));
}

TEST_CASE("a server that wants a client certificate gets it, as text or as files") {
  const test::TestAuthority authority;
  test::TestPostgres server({.settings = {},
                             .wants_passwords = false,
                             .is_encrypted = true,
                             .clients_authority = authority.certificate()});
  const test::TestIdentity mine = authority.Issue({.subject = "postgres"});
  const Encrypted text("", {{"sslCert", mine.certificate}, {"sslKey", mine.key}}, server);
  INFO(text.status.message());
  CHECK(text.status.ok());
  const test::TestFolder folder;
  const std::string key = folder.Write("client.key", mine.key);
  const Fields files = {{"sslCert", folder.Write("client.pem", mine.certificate)}, {"sslKey", key}};
  using std::filesystem::perms;
  std::filesystem::permissions(key, perms::owner_read | perms::others_read);
  const Encrypted open_key("", files, server);
  CHECK(IsFailedPrecondition(open_key.status));
  CHECK(open_key.Says("sslKey"));
  std::filesystem::permissions(key, perms::owner_read);
  CHECK(Encrypted("", files, server).status.ok());
  const Encrypted none("", {}, server);
  CHECK(HasCode(none.status, StatusCode::kUnauthenticated));
  CHECK(none.Says("sslCert"));
}
#endif

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
