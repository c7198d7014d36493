// SPDX-License-Identifier: Apache-2.0
// TlsSession against `openssl s_server`, which sends each line back reversed, and against servers
// in this process: what is agreed upon, who is refused and in which words, and files that change.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "openssl_cryptography.h"
#include "openssl_pointer.h"
#include "support/catch.h"
#include "support/server_process.h"
#include "support/test_authority.h"

namespace MECHA_COMPONENT {
namespace {

using test::TestAuthority;
using test::TestFolder;
using test::TestIdentity;

bool Says(const Status& status, std::string_view part) {
  return status.message().find(part) != std::string_view::npos;
}

int Connect(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    close(fd);
    return -1;
  }
  timeval patience{5, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return fd;
}

// s_server with a certificate, and more words of its command line.
class Server {
 public:
  explicit Server(const TestIdentity& identity, const std::vector<std::string>& more = {})
      : port(test::FreePort()) {
    std::vector<std::string> words = {"openssl", "s_server",
                                      "-accept", "127.0.0.1:" + std::to_string(port),
                                      "-rev",    "-quiet",
                                      "-cert",   folder.Write("server.pem", identity.certificate),
                                      "-key",    folder.Write("server.key", identity.key)};
    words.insert(words.end(), more.begin(), more.end());
    REQUIRE(process_.Start(words, [this] {
      const int fd = Connect(port);
      close(fd);
      return fd >= 0;
    }));
  }

  const uint16_t port;
  TestFolder folder;

 private:
  test::ServerProcess process_;
};

// A socket and the session over it, moved by hand in small pieces.
class Client {
 public:
  Client(TlsContext& context, const std::string& server, uint16_t port) : fd_(Connect(port)) {
    auto made = context.NewSession(server);
    status = made.status();
    if (made.ok()) {
      session_ = *std::move(made);
      Shake();
    }
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() {
    if (status.ok()) {
      session_->Close();
      Flush();
    }
    close(fd_);
  }

  // The line that comes back for `line`; "" with `status` when none does.
  std::string Ask(const std::string& line) {
    status = session_->Write(line + "\n");
    Flush();
    std::string answer;
    while (status.ok() && !answer.ends_with('\n')) {
      char bytes[100];
      const auto count = session_->Read(bytes);
      status = count.status();
      if (count.ok() && *count == 0) {
        Fetch();
      } else if (count.ok()) {
        answer.append(bytes, *count);
      }
    }
    return answer.substr(0, answer.find('\n'));
  }

  Status status;
  size_t piece = 700;  // the most that is received at once

 private:
  void Shake() {
    bool is_done = false;
    while (status.ok() && !is_done) {
      const auto step = session_->Handshake();
      Flush();
      status = step.status();
      is_done = step.ok() && *step;
      if (status.ok() && !is_done) {
        Fetch();
      }
    }
  }
  // Into a part of the room, so that no record comes whole.
  void Fetch() {
    const std::span<char> room = session_->Room();
    const ssize_t count = recv(fd_, room.data(), std::min(room.size(), piece), 0);
    if (count <= 0) {
      status = Unavailable("closed");
    } else {
      session_->Received(static_cast<size_t>(count));
    }
  }
  void Flush() {
    while (!session_->Outgoing().empty()) {
      const std::string_view bytes = session_->Outgoing();
      const ssize_t count =
          send(fd_, bytes.data(), std::min(bytes.size(), size_t{900}), MSG_NOSIGNAL);
      session_->Sent(count < 0 ? bytes.size() : static_cast<size_t>(count));
    }
  }

  int fd_;
  std::unique_ptr<TlsSession> session_;
};

class Fixture {
 public:
  Fixture() {
    auto made = MakeOpensslCryptography();
    REQUIRE(made.ok());
    cryptography = *std::move(made);
  }

  TestIdentity Issue(const std::vector<std::string>& names) const {
    return authority.Issue({.names = names});
  }
  TlsOptions Trusting(const std::string& pem) const {
    TlsOptions options;
    options.authority.value = pem;
    return options;
  }
  std::unique_ptr<TlsContext> Context(TlsOptions options) {
    auto made = cryptography->NewTlsContext(std::move(options));
    INFO(made.status().message());
    REQUIRE(made.ok());
    return *std::move(made);
  }
  std::unique_ptr<TlsContext> Context() { return Context(Trusting(authority.certificate())); }
  Status Refusal(TlsOptions options) {
    return cryptography->NewTlsContext(std::move(options)).status();
  }

  TestAuthority authority;
  std::unique_ptr<Cryptography> cryptography;
};

TEST_CASE("lines go there and back over TLS 1.3 and over TLS 1.2") {
  Fixture fixture;
  for (const char* version : {"-tls1_3", "-tls1_2"}) {
    INFO(version);
    Server server(fixture.Issue({"localhost", "127.0.0.1"}), {version});
    const auto context = fixture.Context();
    for (const std::string name : {"localhost", "127.0.0.1"}) {
      Client client(*context, name, server.port);
      INFO(client.status.message());
      REQUIRE(client.status.ok());
      CHECK(client.Ask("abc") == "cba");
      const std::string line(10'000, 'x');
      CHECK((client.Ask(line) == line));
      CHECK(client.Ask("123") == "321");
    }
  }
}

TEST_CASE("records whose header comes in pieces are read") {
  Fixture fixture;
  Server server(fixture.Issue({"localhost"}));
  const auto context = fixture.Context();
  Client client(*context, "localhost", server.port);
  for (const size_t piece : {1, 2, 3, 4, 7}) {
    client.piece = piece;
    CHECK(client.Ask("abc") == "cba");
    CHECK(client.Ask(std::string(300, 'x')) == std::string(300, 'x'));
  }
}

TEST_CASE("a certificate that the authority has not signed is refused") {
  Fixture fixture;
  Server server(fixture.Issue({"localhost"}));
  const TestAuthority other("Another Authority");
  const TestFolder folder;
  const std::string file = folder.Write("ca.pem", other.certificate());
  const auto context = fixture.Context(fixture.Trusting(file));
  const Client client(*context, "localhost", server.port);
  INFO(client.status.message());
  CHECK(HasCode(client.status, StatusCode::kUnauthenticated));
  CHECK(Says(client.status, "is signed by \"Test Authority\", which is not in caCert (" + file));
  CHECK(Says(client.status, "Put the certificate of that authority"));
}

TEST_CASE("without an authority the system's are asked, and none of them knows the server") {
  Fixture fixture;
  Server server(fixture.Issue({"localhost"}));
  const auto context = fixture.Context(TlsOptions());
  const Client client(*context, "localhost", server.port);
  INFO(client.status.message());
  CHECK(HasCode(client.status, StatusCode::kUnauthenticated));
  CHECK(Says(client.status, "which is not in what the system trusts"));
}

TEST_CASE("a certificate for somebody else is refused, with the names it is for") {
  Fixture fixture;
  Server server(fixture.Issue({"a.example", "*.b.example", "10.0.0.7"}));
  const auto context = fixture.Context();
  for (const std::string name : {"localhost", "127.0.0.1"}) {
    const Client client(*context, name, server.port);
    INFO(client.status.message());
    CHECK(HasCode(client.status, StatusCode::kUnauthenticated));
    CHECK(Says(client.status, "is for \"a.example\", \"*.b.example\", 10.0.0.7, not for " + name));
    CHECK(Says(client.status, "tlsServerName"));
  }
  CHECK(Client(*context, "x.b.example", server.port).status.ok());
  CHECK(Client(*context, "10.0.0.7", server.port).status.ok());
  CHECK_FALSE(Client(*context, "x.y.b.example", server.port).status.ok());
}

TEST_CASE("a certificate before or after its time is refused, with that time") {
  Fixture fixture;
  for (const bool is_over : {true, false}) {
    test::CertificateWish wish{.names = {"localhost"}};
    wish.valid_from_days = is_over ? -4 : 3;
    wish.valid_until_days = is_over ? -2 : 5;
    Server server(fixture.authority.Issue(wish));
    const auto context = fixture.Context();
    const Client client(*context, "localhost", server.port);
    INFO(client.status.message());
    CHECK(HasCode(client.status, StatusCode::kUnauthenticated));
    CHECK(Says(client.status, is_over ? "expired on 20" : "begins on 20"));
  }
}

TEST_CASE("verification that is skipped takes any certificate") {
  Fixture fixture;
  test::CertificateWish wish{.names = {"a.example"}};
  wish.valid_until_days = 0;
  Server server(TestAuthority("Another Authority").Issue(wish));
  TlsOptions options = fixture.Trusting(fixture.authority.certificate());
  options.skips_verification = true;
  const auto context = fixture.Context(options);
  Client client(*context, "localhost", server.port);
  INFO(client.status.message());
  REQUIRE(client.status.ok());
  CHECK(client.Ask("abc") == "cba");
}

// A server in this process, for what s_server keeps to itself: it does not send the alert that
// refuses a client.
class MemoryServer {
 public:
  MemoryServer(const TestIdentity& identity, int version, const TestAuthority* of_clients)
      : context_(SSL_CTX_new(TLS_server_method())) {
    SSL_CTX_set_max_proto_version(context_.get(), version);
    SSL_CTX_use_certificate(context_.get(), CertificateIn(identity.certificate).get());
    BIO* key = BIO_new_mem_buf(identity.key.data(), static_cast<int>(identity.key.size()));
    EVP_PKEY* read = PEM_read_bio_PrivateKey(key, nullptr, nullptr, nullptr);
    SSL_CTX_use_PrivateKey(context_.get(), read);
    EVP_PKEY_free(read);
    BIO_free(key);
    if (of_clients != nullptr) {
      X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()),
                          CertificateIn(of_clients->certificate()).get());
      SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                         nullptr);
    }
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(ssl_.get());
  }

  SSL* ssl() const { return ssl_.get(); }
  // Moves what each side has for the other; the server's reading is its handshake, too.
  void Exchange(TlsSession& client) {
    const std::string_view sent = client.Outgoing();
    BIO_write(SSL_get_rbio(ssl_.get()), sent.data(), static_cast<int>(sent.size()));
    client.Sent(sent.size());
    char bytes[1000];
    const int read = SSL_read(ssl_.get(), bytes, sizeof bytes);
    received.append(bytes, static_cast<size_t>(std::max(read, 0)));
    for (;;) {
      const std::span<char> room = client.Room();
      const int count =
          BIO_read(SSL_get_wbio(ssl_.get()), room.data(), static_cast<int>(room.size()));
      if (count <= 0) {
        return;
      }
      client.Received(static_cast<size_t>(count));
    }
  }
  // Exchanges until the client's handshake has ended.
  Status Shake(TlsSession& client) {
    for (;;) {
      const auto step = client.Handshake();
      RETURN_IF_ERROR(step.status());
      Exchange(client);
      if (*step) {
        return OkStatus();
      }
    }
  }

  std::string received;

 private:
  static OpensslPointer<X509, X509_free> CertificateIn(const std::string& pem) {
    BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    OpensslPointer<X509, X509_free> read(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr));
    BIO_free(bio);
    return read;
  }

  OpensslPointer<SSL_CTX, SSL_CTX_free> context_;
  OpensslPointer<SSL, SSL_free> ssl_;
};

// What a client learns that says something and waits for an answer.
Status Converse(TlsContext& context, MemoryServer& server) {
  ASSIGN_OR_RETURN(const auto session, context.NewSession("localhost"));
  RETURN_IF_ERROR(server.Shake(*session));
  RETURN_IF_ERROR(session->Write("hello"));
  server.Exchange(*session);
  char bytes[100];
  return session->Read(bytes).status();
}

TEST_CASE("a server that wants a client certificate gets it, and says when it does not") {
  Fixture fixture;
  const TestFolder folder;
  const TestIdentity identity = fixture.Issue({"localhost"});
  for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
    INFO(version);
    TlsOptions options = fixture.Trusting(fixture.authority.certificate());
    MemoryServer strict(identity, version, &fixture.authority);
    const Status without = Converse(*fixture.Context(options), strict);
    INFO(without.message());
    CHECK(HasCode(without, StatusCode::kUnauthenticated));
    CHECK(Says(without, version == TLS1_3_VERSION ? "wants a client certificate. Set clientCert"
                                                  : "wants a client certificate, set clientCert"));

    const TestIdentity mine = fixture.authority.Issue({.subject = "client"});
    options.certificate.value = mine.certificate;
    options.key.value = folder.Write("client.key", mine.key);
    MemoryServer pleased(identity, version, &fixture.authority);
    CHECK(Converse(*fixture.Context(options), pleased).ok());
    CHECK(pleased.received == "hello");

    const TestIdentity foreign = TestAuthority("Another Authority").Issue({.subject = "client"});
    options.certificate.value = folder.Write("client.pem", foreign.certificate);
    options.key.value = foreign.key;
    MemoryServer displeased(identity, version, &fixture.authority);
    const Status wrong = Converse(*fixture.Context(options), displeased);
    INFO(wrong.message());
    CHECK(HasCode(wrong, StatusCode::kUnauthenticated));
    CHECK(Says(wrong, "refuses the certificate in clientCert (" + folder.path()));
  }
}

TEST_CASE("a server may change its keys, and ends with a farewell") {
  Fixture fixture;
  const auto context = fixture.Context();
  const auto session = context->NewSession("localhost");
  REQUIRE(session.ok());
  MemoryServer server(fixture.Issue({"localhost"}), TLS1_3_VERSION, nullptr);
  REQUIRE(server.Shake(**session).ok());
  REQUIRE(SSL_key_update(server.ssl(), SSL_KEY_UPDATE_REQUESTED) == 1);
  std::string text(40'000, 'x');
  REQUIRE(SSL_write(server.ssl(), text.data(), static_cast<int>(text.size())) == 40'000);
  server.Exchange(**session);
  std::string read(50'000, '?');
  const auto count = (*session)->Read(read);
  REQUIRE(count.ok());
  CHECK((read.substr(0, *count) == text));
  REQUIRE((*session)->Write("still here").ok());
  server.Exchange(**session);
  CHECK(server.received == "still here");

  SSL_write(server.ssl(), "bye", 3);
  SSL_shutdown(server.ssl());
  server.Exchange(**session);
  const auto last = (*session)->Read(read);
  REQUIRE(last.ok());
  CHECK(read.substr(0, *last) == "bye");
  const Status ended = (*session)->Read(read).status();
  CHECK(IsUnavailable(ended));
  CHECK(ended.message() == "connection closed by the server");
}

TEST_CASE("a record that was changed on its way ends the session") {
  Fixture fixture;
  const auto context = fixture.Context();
  const auto session = context->NewSession("localhost");
  REQUIRE(session.ok());
  MemoryServer server(fixture.Issue({"localhost"}), TLS1_3_VERSION, nullptr);
  REQUIRE(server.Shake(**session).ok());
  const std::span<char> room = (*session)->Room();
  SSL_write(server.ssl(), "hello", 5);
  const int count = BIO_read(SSL_get_wbio(server.ssl()), room.data(), 1000);
  REQUIRE(count > 20);
  room[static_cast<size_t>(count) - 1] ^= 1;
  (*session)->Received(static_cast<size_t>(count));
  char bytes[100];
  const Status status = (*session)->Read(bytes).status();
  INFO(status.message());
  CHECK(IsUnavailable(status));
  CHECK(IsUnavailable((*session)->Read(bytes).status()));
}

TEST_CASE("a server that is too old, and one that does not speak TLS, are told apart") {
  Fixture fixture;
  Server old(fixture.Issue({"localhost"}), {"-tls1_1", "-cipher", "ALL:@SECLEVEL=0"});
  const auto context = fixture.Context();
  const Client too_old(*context, "localhost", old.port);
  INFO(too_old.status.message());
  CHECK(IsFailedPrecondition(too_old.status));
  CHECK(Says(too_old.status, "neither TLS 1.2 nor TLS 1.3"));

  auto session = context->NewSession("localhost");
  REQUIRE(session.ok());
  CHECK((*session)->Handshake().ok());
  CHECK_FALSE((*session)->Outgoing().empty());
  constexpr std::string_view kAnswer = "-ERR unknown command\r\n";
  std::copy(kAnswer.begin(), kAnswer.end(), (*session)->Room().begin());
  (*session)->Received(kAnswer.size());
  const Status plain = (*session)->Handshake().status();
  INFO(plain.message());
  CHECK(IsFailedPrecondition(plain));
  CHECK(Says(plain, "is not TLS"));
}

TEST_CASE("options that cannot be used say which setting, which file and why") {
  Fixture fixture;
  const TestFolder folder;
  const TestIdentity mine = fixture.Issue({"me"});
  const TestIdentity other = fixture.Issue({"other"});

  const Status absent = fixture.Refusal(fixture.Trusting("/no/such/ca.pem"));
  CHECK(IsFailedPrecondition(absent));
  CHECK(Says(absent, "caCert"));
  CHECK(Says(absent, "/no/such/ca.pem"));
  const std::string empty = folder.Write("empty.pem", "nothing\n");
  const Status none = fixture.Refusal(fixture.Trusting(empty));
  CHECK(IsFailedPrecondition(none));
  CHECK(Says(none, "caCert (" + empty + ") holds no certificate"));
  std::string broken = mine.certificate;
  broken.replace(100, 20, "####################");
  CHECK(Says(fixture.Refusal(fixture.Trusting(broken)), "cannot be read"));

  TlsOptions options = fixture.Trusting(fixture.authority.certificate());
  options.certificate.value = mine.certificate;
  CHECK(IsInvalidArgument(fixture.Refusal(options)));
  CHECK(Says(fixture.Refusal(options), "clientCert and clientKey belong together"));
  options.key.value = other.key;
  const Status mixed = fixture.Refusal(options);
  CHECK(IsFailedPrecondition(mixed));
  CHECK(Says(mixed, "clientKey is not the key of the certificate in clientCert"));
  options.key.value = mine.certificate;
  CHECK(Says(fixture.Refusal(options), "clientKey holds no private key"));
  options.key.value =
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
      "MIHjME4GCSqGSIb3DQEFDTBBMCkGCSqGSIb3DQEFDDAcBAjpgkU3/aOCPQICCAAw\n"
      "DAYIKoZIhvcNAgkFADAUBggqhkiG9w0DBwQISCy0xqMnZRwEgZAxwE3c0t0Fqhnd\n"
      "-----END ENCRYPTED PRIVATE KEY-----\n";
  CHECK_FALSE(fixture.Refusal(options).ok());
  CHECK_FALSE(Says(fixture.Refusal(options), "MIHjME4G"));
}

TEST_CASE("files that change are read again, and stay in use while they cannot be") {
  Fixture fixture;
  const TestAuthority later("Later Authority");
  Server before(fixture.Issue({"localhost"}));
  Server after(later.Issue({.names = {"localhost"}}));
  const TestFolder folder;
  const std::string file = folder.Write("ca.pem", fixture.authority.certificate());
  const auto context = fixture.Context(fixture.Trusting(file));
  CHECK(Client(*context, "localhost", before.port).status.ok());
  CHECK_FALSE(Client(*context, "localhost", after.port).status.ok());

  folder.Write("ca.pem", "half written");
  CHECK(Client(*context, "localhost", before.port).status.ok());
  const Status stale = Client(*context, "localhost", after.port).status;
  INFO(stale.message());
  CHECK(Says(stale, "What was read before is in use"));
  CHECK(Says(stale, "holds no certificate"));

  folder.Write("ca.pem", later.certificate());
  CHECK(Client(*context, "localhost", after.port).status.ok());
  CHECK_FALSE(Client(*context, "localhost", before.port).status.ok());
}

TEST_CASE("sessions outlive their context, and threads share one") {
  Fixture fixture;
  const TestFolder folder;
  const std::string file = folder.Write("ca.pem", fixture.authority.certificate());
  auto context = fixture.Context(fixture.Trusting(file));
  std::array<int, 4> good{};
  std::vector<std::thread> threads;
  for (int& count : good) {
    threads.emplace_back([&count, &context] {
      for (int round = 0; round < 50; ++round) {
        const auto session = context->NewSession("localhost");
        count += session.ok() && (*session)->Handshake().ok() ? 1 : 0;
      }
    });
  }
  for (int round = 0; round < 20; ++round) {
    folder.Write("ca.pem", fixture.authority.certificate());
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(good == std::array<int, 4>{50, 50, 50, 50});
  const auto session = context->NewSession("localhost");
  REQUIRE(session.ok());
  context.reset();
  CHECK((*session)->Handshake().ok());
}

}  // namespace
}  // namespace MECHA_COMPONENT
