// SPDX-License-Identifier: Apache-2.0
// state.redis with TLS: all three ways to the server, who is refused and in which words, and files
// that are replaced while the store runs.
#ifdef MECHA_TEST_TLS
#include <algorithm>
#include <atomic>
#include <thread>

#include "redis_store_fixture.h"
#include "support/moment.h"
#include "support/test_authority.h"
#include "support/tls_module.h"

namespace MECHA_COMPONENT {
namespace {

using test::TestAuthority;
using test::TestFolder;
using test::TestIdentity;

bool Mentions(const Status& status, std::string_view words) {
  return status.message().find(words) != std::string_view::npos;
}

// A server with TLS and a host that has the module.
class TlsFixture {
 public:
  explicit TlsFixture(const test::CertificateWish& wish = {.names = {"127.0.0.1", "localhost"}},
                      const std::string& clients = "no")
      : server({.tls = Lines(wish, clients)}) {
    auto loaded = test::LoadTlsModule();
    INFO(loaded.status().message());
    REQUIRE(loaded.ok());
    cryptography = *std::move(loaded);
    host.cryptography = cryptography.get();
  }

  std::vector<std::string> Lines(const test::CertificateWish& wish, const std::string& clients) {
    const TestIdentity identity = authority.Issue(wish);
    ca = folder.Write("ca.pem", authority.certificate());
    return {"tls-cert-file " + folder.Write("server.pem", identity.certificate),
            "tls-key-file " + folder.Write("server.key", identity.key), "tls-ca-cert-file " + ca,
            "tls-auth-clients " + clients};
  }
  Status Init(RedisStateStore& store, Fields fields) {
    fields.emplace("redisHost", server.tls_address());
    fields.emplace("enableTLS", "true");
    fields.emplace("caCert", ca);
    settings.push_back(std::make_unique<Settings>(MakeSettings(fields)));
    TestCall call;
    return store.Init(call.context, *settings.back(), host);
  }
  Status InitStatus(const Fields& fields) {
    RedisStateStore store;
    return Init(store, fields);
  }

  const TestAuthority authority;
  const TestFolder folder;
  std::string ca;
  test::TestRedis server;
  std::unique_ptr<Cryptography> cryptography;
  test::TestHost host;
  std::vector<std::unique_ptr<Settings>> settings;
};

class OpenTlsStore : public TlsFixture {
 public:
  OpenTlsStore() {
    const Status status = Init(store, {});
    INFO(status.message());
    REQUIRE(status.ok());
  }
  RedisStateStore store;
  StoreUser user{store};
};

TEST_CASE_METHOD(OpenTlsStore, "values of every size go there and back with TLS") {
  for (const size_t size : {0, 1, 1'000, 8'190, 16'384, 16'385, 40'000, 300'000, 9'000'000}) {
    INFO(size);
    std::string value(size, 'x');
    for (size_t i = 0; i < size; i += 97) {
      value[i] = static_cast<char>(i);
    }
    REQUIRE(user.Write(SetOf("k", value)).ok());
    REQUIRE((user.Read("k") == value));
  }
  CHECK(user.Transact({SetOf("a", "1"), SetOf("b", std::string(50'000, 'y'))}).ok());
  CHECK(user.Keys("").size() == 5);
  CHECK(server.Command({"HGET", "a", "data"}) == "$1\r\n1\r\n");
  const auto many = user.GetMany({"a", "b", "absent"});
  REQUIRE(many.ok());
  CHECK((*many)[1]->data.view().size() == 50'000);
}

TEST_CASE_METHOD(OpenTlsStore, "a crowd of blocking callers shares lines with TLS") {
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 40; ++i) {
    threads.emplace_back([&, i] {
      StoreUser own(store);
      const std::string key = "k" + std::to_string(i);
      for (int round = 0; round < 20; ++round) {
        const std::string value(static_cast<size_t>(1 + 379 * round),
                                static_cast<char>('a' + i % 26));
        good += own.Write(SetOf(key, value)).ok() && own.Read(key) == value ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(good == 800);
}

TEST_CASE_METHOD(OpenTlsStore, "operations that may not block share a channel with TLS") {
  struct Queued {
    std::string key, text;
    Waiter waiter;
    CallContext context;
    StatusOr<StateValue> value;
    std::atomic<bool> is_done{false};
  };
  std::vector<std::unique_ptr<Queued>> all;
  for (int i = 0; i < 300; ++i) {
    auto& one = *all.emplace_back(std::make_unique<Queued>());
    one.key = "k" + std::to_string(i);
    one.text = std::string(static_cast<size_t>(1 + 25 * i), static_cast<char>('a' + i % 26));
    one.context.waiter = &one.waiter;
    store.Write(one.context, SetOf(one.key, one.text), [this, &one](StatusOr<Etag> etag) {
      if (!etag.ok()) {
        one.value = etag.status();
        one.is_done = true;
        return;
      }
      store.Get(one.context, one.key, {}, [&one](StatusOr<StateValue> value) {
        one.value = std::move(value);
        one.is_done = true;
      });
    });
  }
  REQUIRE(test::AwaitThat([&] {
    return std::all_of(all.begin(), all.end(), [](const auto& one) { return one->is_done.load(); });
  }));
  for (const auto& one : all) {
    INFO(one->value.status().message());
    REQUIRE(one->value.ok());
    CHECK((one->value->data.view() == one->text));
  }
}

TEST_CASE_METHOD(OpenTlsStore, "a paused, a killed and a restarted server with TLS") {
  REQUIRE(user.Write(SetOf("k", "v")).ok());
  server.Pause();
  TestCall call(Deadline::After(host.clock().Now(), std::chrono::milliseconds(50)));
  CHECK(IsDeadlineExceeded(user.Get("k", &call.context).status()));
  server.Continue();
  CHECK(user.Read("k") == "v");
  server.Restart();
  host.Advance(std::chrono::seconds(2));  // an idle connection is looked at after a rest
  CHECK(user.Read("k") == "<NOT_FOUND>");
  host.Advance(std::chrono::seconds(2));
  CHECK(user.Read("k") == "<NOT_FOUND>");
  CHECK(server.Command({"INFO", "stats"}).find("total_connections_received:") != std::string::npos);
  server.Kill();
  const auto lost = user.Get("k");
  CHECK(IsUnavailable(lost.status()));
}

TEST_CASE("a rested connection with TLS is used again when the server has kept it") {
  OpenTlsStore fixture;
  const auto connections = [&] {
    const std::string text = fixture.server.Command({"INFO", "stats"});
    const size_t at = text.find("total_connections_received:") + 27;
    return std::stoi(text.substr(at));
  };
  REQUIRE(fixture.user.Write(SetOf("k", "v")).ok());
  const int before = connections();
  fixture.host.Advance(std::chrono::seconds(2));
  CHECK(fixture.user.Read("k") == "v");
  CHECK(connections() == before + 1);  // that of the question itself
}

TEST_CASE("authority, certificate and key may be text, and the server another name") {
  TlsFixture fixture({.names = {"redis.example"}});
  const Fields text = {{"caCert", fixture.authority.certificate()},
                       {"tlsServerName", "redis.example"}};
  CHECK(fixture.InitStatus(text).ok());
}

TEST_CASE("an authority that did not sign the server's certificate is named") {
  TlsFixture fixture;
  const TestAuthority other("Another Authority");
  const std::string file = fixture.folder.Write("other.pem", other.certificate());
  const Status wrong = fixture.InitStatus({{"caCert", file}});
  INFO(wrong.message());
  CHECK(HasCode(wrong, StatusCode::kUnauthenticated));
  CHECK(Mentions(wrong, "TLS handshake with " + fixture.server.tls_address()));
  CHECK(Mentions(wrong, "signed by \"Test Authority\", which is not in caCert (" + file + ")"));
  const Status system = fixture.InitStatus({{"caCert", ""}});
  INFO(system.message());
  CHECK(HasCode(system, StatusCode::kUnauthenticated));
  CHECK(Mentions(system, "what the system trusts"));
  CHECK(fixture.InitStatus({{"caCert", ""}, {"insecureSkipTLSVerify", "true"}}).ok());
}

TEST_CASE("a certificate for another host, or too old, is refused by name and date") {
  TlsFixture other({.names = {"a.example"}});
  const Status name = other.InitStatus({});
  INFO(name.message());
  CHECK(HasCode(name, StatusCode::kUnauthenticated));
  CHECK(Mentions(name, "is for \"a.example\", not for 127.0.0.1"));
  TlsFixture old({.names = {"127.0.0.1"}, .valid_from_days = -9, .valid_until_days = -3});
  const Status expired = old.InitStatus({});
  INFO(expired.message());
  CHECK(HasCode(expired, StatusCode::kUnauthenticated));
  CHECK(Mentions(expired, "expired on 2"));
}

TEST_CASE("a server that wants client certificates says when there is none or a wrong one") {
  TlsFixture fixture({.names = {"127.0.0.1"}}, "yes");
  const TestIdentity mine = fixture.authority.Issue({.subject = "app"});
  const TestIdentity foreign = TestAuthority("Another Authority").Issue({.subject = "app"});
  const Status none = fixture.InitStatus({});
  INFO(none.message());
  CHECK(HasCode(none, StatusCode::kUnauthenticated));
  CHECK(Mentions(none, "client certificate"));
  const std::string certificate = fixture.folder.Write("app.pem", foreign.certificate);
  const std::string key = fixture.folder.Write("app.key", foreign.key);
  const Fields fields = {{"clientCert", certificate}, {"clientKey", key}};
  RedisStateStore store;
  const Status wrong = fixture.Init(store, fields);
  INFO(wrong.message());
  CHECK(HasCode(wrong, StatusCode::kUnauthenticated));
  CHECK(Mentions(wrong, "clientCert (" + certificate + ")"));
  CHECK(fixture.InitStatus({{"clientCert", mine.certificate}, {"clientKey", mine.key}}).ok());
}

TEST_CASE("certificates that are replaced are used by the next connection") {
  TlsFixture fixture({.names = {"127.0.0.1"}}, "yes");
  const TestIdentity first = fixture.authority.Issue({.subject = "app"});
  const std::string certificate = fixture.folder.Write("app.pem", first.certificate);
  const std::string key = fixture.folder.Write("app.key", first.key);
  RedisStateStore store;
  const Status opened = fixture.Init(store, {{"clientCert", certificate}, {"clientKey", key}});
  INFO(opened.message());
  REQUIRE(opened.ok());
  StoreUser user(store);
  REQUIRE(user.Write(SetOf("k", "v")).ok());

  // Another authority signs both sides from now on.
  const TestAuthority later("Later Authority");
  const TestIdentity server = later.Issue({.names = {"127.0.0.1"}});
  fixture.folder.Write("server.pem", server.certificate);
  fixture.folder.Write("server.key", server.key);
  fixture.folder.Write("ca.pem", later.certificate());
  const TestIdentity second = later.Issue({.subject = "app"});
  fixture.folder.Write("app.pem", second.certificate);
  fixture.server.Restart();
  fixture.host.Advance(std::chrono::seconds(2));
  const Status half = user.Get("k").status();  // the key is still that of the first certificate
  INFO(half.message());
  CHECK(HasCode(half, StatusCode::kUnauthenticated));
  CHECK(Mentions(half, "is not the key of the certificate"));
  fixture.folder.Write("app.key", second.key);
  fixture.host.Advance(std::chrono::seconds(3));
  CHECK(user.Write(SetOf("k", "w")).ok());
  CHECK(user.Read("k") == "w");
}

TEST_CASE("TLS on one side only says so") {
  TlsFixture fixture;
  const Status plain_server =
      fixture.InitStatus({{"redisHost", fixture.server.address()}, {"dialTimeout", "300ms"}});
  INFO(plain_server.message());
  CHECK((Mentions(plain_server, "is not TLS") || Mentions(plain_server, "does not speak TLS")));
  const Status plain_client = fixture.InitStatus({{"enableTLS", "false"}});
  INFO(plain_client.message());
  CHECK(Mentions(plain_client, "enableTLS"));
}

TEST_CASE("without the module, and with settings that fit no TLS, the store says what to do") {
  TlsFixture fixture;
  const Status half = fixture.InitStatus({{"clientCert", fixture.authority.certificate()}});
  CHECK(IsInvalidArgument(half));
  CHECK(Mentions(half, "enableTLS: clientCert and clientKey belong together"));
  const Status absent = fixture.InitStatus({{"caCert", "/no/such/ca.pem"}});
  CHECK(IsFailedPrecondition(absent));
  CHECK(Mentions(absent, "/no/such/ca.pem"));
  fixture.host.cryptography = nullptr;
  CHECK(IsFailedPrecondition(fixture.InitStatus({})));
}

}  // namespace
}  // namespace MECHA_COMPONENT
#endif
