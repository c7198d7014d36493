// SPDX-License-Identifier: Apache-2.0
// state.etcd on a real etcd: what stands in it, what it refuses, and when a member does not go on.
#include "etcd_state_store.h"

#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <thread>

#include "support/catch.h"
#include "support/etcd_server.h"
#include "support/state_store_user.h"
#include "support/test_host.h"

namespace MECHA_COMPONENT {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::CreateOf;
using test::DeleteIf;
using test::DeleteOf;
using test::SetIf;
using test::SetOf;
using test::StoreUser;
using test::TestCall;
using test::TestEtcd;

// One server for all tests that do not end it.
TestEtcd& SharedServer() {
  static TestEtcd server;
  server.Clear();
  return server;
}

test::Fields FieldsOf(std::string endpoints, const test::Fields& more = {}) {
  test::Fields fields = {{"endpoints", std::move(endpoints)}, {"maxTxnOps", "128"}};
  for (const auto& [name, text] : more) {
    fields[name] = text;
  }
  return fields;
}

struct Store {
  explicit Store(std::string endpoints, const test::Fields& more = {}, Layout layout = Layout::kV2)
      : settings(test::MakeSettings("state.etcd", FieldsOf(std::move(endpoints), more))),
        store(layout) {
    TestCall call;
    status = store.Init(call.context, settings, host);
  }

  Deadline In(Duration time) { return Deadline::After(host.clock().Now(), time); }
  bool Mentions(std::string_view words) const {
    return status.message().find(words) != std::string_view::npos;
  }

  test::TestHost host;
  const Settings settings;
  EtcdStateStore store;
  StoreUser user{store};
  Status status;
};

// Repeats `condition` until it is true, for at most 10 s.
template <class Condition>
bool ComesTrue(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + seconds(10);
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) {
      return true;
    }
    std::this_thread::sleep_for(milliseconds(5));
  }
  return false;
}

TEST_CASE("values stand where Dapr puts them, bare in v1 and in an envelope in v2") {
  const TestEtcd& server = SharedServer();
  Store v1(server.address(), {{"keyPrefixPath", "my/path"}}, Layout::kV1);
  REQUIRE(v1.status.ok());
  REQUIRE(v1.user.Write(SetOf("app||k", "hello")).ok());
  CHECK(server.Get("my/path/app||k") == "hello");
  server.Put("my/path/app||dapr", "{\"a\":1}");
  CHECK(v1.user.Read("app||dapr") == "{\"a\":1}");
  CHECK(v1.user.Keys("app||") == "app||dapr app||k");

  Store v2(server.address());
  REQUIRE(v2.status.ok());
  REQUIRE(v2.user.Write(SetOf("app||k", "hello")).ok());
  CHECK(server.Get("/app||k").starts_with("\x0A\x05hello\x12"));
  // As Dapr writes: the moment, and an empty time to live.
  server.Put("/app||dapr", std::string("\x0A\x02{}\x12\x06\x08\x80\xE2\xCF\xAA\x06\x1A\x00", 14));
  const auto value = v2.user.Get("app||dapr");
  REQUIRE(value.ok());
  CHECK(value->data.view() == "{}");
  CHECK_FALSE(value->expires.has_value());
  CHECK(v2.user.Write(SetIf("app||dapr", "mine", value->etag.view())).ok());
  CHECK(v2.user.Keys("") == "app||dapr app||k");
  // v2 does not take a value of v1's for one of its own.
  server.Put("/app||old", "\"text\"");
  CHECK(v2.user.Get("app||old").status().code() == StatusCode::kDataLoss);
}

TEST_CASE("a transaction is one revision, and a failed one leaves nothing, not even a lease") {
  const TestEtcd& server = SharedServer();
  Store store(server.address());
  REQUIRE(store.status.ok());
  const auto first = store.user.Transact({SetOf("a", "1"), CreateOf("b", "1"), DeleteOf("c")});
  REQUIRE(first.ok());
  CHECK((*first)[0]->view() == (*first)[1]->view());
  CHECK((*first)[2]->empty());
  StateWrite short_lived = SetOf("a", "2");
  short_lived.ttl = seconds(3600);
  const auto failed =
      store.user.Transact({short_lived, SetIf("b", "2", (*first)[1]->view()), CreateOf("b2", "2"),
                           SetIf("absent", "2", (*first)[1]->view())});
  REQUIRE(failed.ok());
  CHECK((*failed)[0].status().code() == StatusCode::kCancelled);
  CHECK((*failed)[3].status().code() == StatusCode::kAborted);
  CHECK(store.user.Read("a") == "1");
  CHECK(store.user.Read("b") == "1");
  CHECK(store.user.Read("b2") == "<NOT_FOUND>");
  CHECK(server.Post("/v3/lease/leases", "{}").find("\"ID\"") == std::string::npos);
  // An etag that means "absent" to etcd does not become one.
  CHECK(store.user.Write(SetIf("new", "x", "0")).status().code() == StatusCode::kInvalidArgument);
  CHECK(store.user.Write(DeleteIf("b", "01")).status().code() == StatusCode::kInvalidArgument);
}

TEST_CASE("what is beyond the server's limits is refused with the number or the setting") {
  TestEtcd server({"--max-txn-ops=3", "--max-request-bytes=20000"});
  Store store(server.address(), {{"maxTxnOps", "4"}});
  REQUIRE(store.status.ok());
  std::vector<StateWrite> writes = {SetOf("a", "1"), SetOf("b", "1"), SetOf("c", "1")};
  CHECK(store.user.Transact(writes).ok());
  writes.push_back(SetOf("d", "1"));
  const Status by_server = store.user.Transact(writes).status();
  CHECK(by_server.code() == StatusCode::kInvalidArgument);
  CHECK(by_server.applied() == Applied::kNo);
  CHECK(by_server.message().find("--max-txn-ops") != std::string_view::npos);
  writes.push_back(SetOf("e", "1"));
  const Status by_us = store.user.Transact(writes).status();
  CHECK(by_us.code() == StatusCode::kInvalidArgument);
  CHECK(by_us.message().find("5 writes; maxTxnOps allows 4") != std::string_view::npos);
  const std::string value(30'000, 'x');
  const Status large = store.user.Write(SetOf("a", value)).status();
  CHECK(large.code() == StatusCode::kOutOfRange);
  CHECK(large.applied() == Applied::kNo);
  CHECK(large.message().find("--max-request-bytes") != std::string_view::npos);
  CHECK(store.user.Read("a") == "1");
}

TEST_CASE("a killed member is UNAVAILABLE at once, no signal is raised, and it is found again") {
  struct sigaction action {};
  sigaction(SIGPIPE, nullptr, &action);
  REQUIRE(action.sa_handler == SIG_DFL);
  TestEtcd server;
  Store store(server.address());
  REQUIRE(store.status.ok());
  REQUIRE(store.user.Write(SetOf("k", "v")).ok());
  // A dead idle connection is replaced before anything goes out on it.
  server.Restart();
  CHECK(store.user.Write(SetOf("k", "after")).ok());
  server.Kill();
  CHECK(store.user.Get("k").status().code() == StatusCode::kUnavailable);
  const Status refused = store.user.Write(SetOf("k", "w")).status();
  CHECK(refused.code() == StatusCode::kUnavailable);
  CHECK(refused.applied() == Applied::kNo);
  CHECK(refused.message().find("connection refused") != std::string_view::npos);
  server.Restart();
  CHECK(ComesTrue([&] { return store.user.Ping().ok(); }));
  CHECK(store.user.Read("k") == "after");
}

TEST_CASE("a request to a member that hangs ends by deadline, by cancel, by its death: maybe") {
  TestEtcd server;
  Store store(server.address());
  REQUIRE(store.status.ok());
  REQUIRE(store.user.Write(SetOf("k", "v")).ok());
  server.Pause();
  TestCall late(store.In(milliseconds(60)));
  const Status written = store.user.Write(SetOf("k", "w"), &late.context).status();
  CHECK(written.code() == StatusCode::kDeadlineExceeded);
  CHECK(written.applied() == Applied::kMaybe);
  server.Continue();
  REQUIRE(ComesTrue([&] { return store.user.Ping().ok(); }));
  server.Pause();
  TestCall call;
  std::thread canceller([&] {
    std::this_thread::sleep_for(milliseconds(30));
    call.waiter.Stop(StopCause::kCancelled);
  });
  const Status read = store.user.Get("k", &call.context).status();
  canceller.join();
  CHECK(read.code() == StatusCode::kCancelled);
  CHECK(read.applied() == Applied::kNo);
  server.Continue();
  REQUIRE(ComesTrue([&] { return store.user.Ping().ok(); }));
  server.Pause();
  Status lost;
  std::thread writer([&] { lost = store.user.Write(SetOf("k", "x")).status(); });
  std::this_thread::sleep_for(milliseconds(50));
  server.Kill();
  writer.join();
  // libcurl would have sent it again over a new connection. On a slow machine it was not sent yet.
  CHECK(lost.code() == StatusCode::kUnavailable);
  CHECK((lost.applied() == Applied::kMaybe ||
         lost.message().find("connection refused") != std::string_view::npos));
}

TEST_CASE("the next endpoint is asked when one cannot be reached, and then stays the first") {
  TestEtcd one;
  TestEtcd two;
  two.Put("/who", std::string("\x0A\x03two", 5));
  one.Put("/who", std::string("\x0A\x03one", 5));
  Store store("127.0.0.1:1," + one.address() + "," + two.address());
  REQUIRE(store.status.ok());
  CHECK(store.user.Read("who") == "one");
  one.Kill();
  CHECK(ComesTrue([&] { return store.user.Read("who") == "two"; }));
  one.Restart();
  CHECK(store.user.Read("who") == "two");
  one.Kill();
  two.Kill();
  CHECK(ComesTrue([&] {
    const Status status = store.user.Write(SetOf("k", "v")).status();
    return status.code() == StatusCode::kUnavailable && status.applied() == Applied::kNo &&
           status.message().find("none of 3 endpoints") != std::string_view::npos;
  }));
}

std::string Content(const std::string& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// A certificate that is its own authority, for the server and for the client.
std::string MakeCertificate(const std::string& folder, const std::string& name) {
  const std::string file = folder + "/" + name;
  const std::string command =
      "openssl req -new -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
      "-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout " +
      file + ".key -out " + file + ".crt 2>/dev/null";
  REQUIRE(std::system(command.c_str()) == 0);
  return file;
}

TEST_CASE("connections are encrypted, and each side shows who it is") {
  const TestEtcd& plain = SharedServer();
  const std::string mine = MakeCertificate(plain.folder(), "mine");
  const std::string other = MakeCertificate(plain.folder(), "other");
  const uint16_t port = test::FreePort();
  const std::string url = "https://localhost:" + std::to_string(port);
  TestEtcd server({"--cert-file=" + mine + ".crt", "--key-file=" + mine + ".key",
                   "--client-cert-auth", "--trusted-ca-file=" + mine + ".crt"},
                  "https://127.0.0.1:" + std::to_string(port));
  const test::Fields good = {{"tlsEnable", "true"},
                             {"ca", Content(mine + ".crt")},
                             {"cert", Content(mine + ".crt")},
                             {"key", Content(mine + ".key")}};
  Store store(url, good);
  INFO(store.status.message());
  REQUIRE(store.status.ok());
  CHECK(store.user.Write(SetOf("k", "v")).ok());
  CHECK(store.user.Read("k") == "v");
  CHECK(server.Get("/k").starts_with("\x0A\x01v"));

  test::Fields fields = good;
  fields["ca"] = Content(other + ".crt");
  const Store distrusts(url, fields);
  CHECK(distrusts.status.code() == StatusCode::kUnauthenticated);
  CHECK(distrusts.Mentions("must be signed by ca"));
  fields = good;
  fields["cert"] = Content(other + ".crt");
  fields["key"] = Content(other + ".key");
  const Store is_distrusted(url, fields);
  CHECK(is_distrusted.status.code() == StatusCode::kUnavailable);
  fields["cert"] = "no certificate";
  const Store is_confused(url, fields);
  CHECK(is_confused.status.code() == StatusCode::kFailedPrecondition);
  CHECK(is_confused.Mentions("check cert, key and ca"));
  CHECK_FALSE(is_confused.Mentions("PRIVATE"));

  // TLS has a goodbye to say: not even that raises SIGPIPE.
  server.Kill();
  CHECK(store.user.Write(SetOf("k", "w")).status().code() == StatusCode::kUnavailable);
}

}  // namespace
}  // namespace MECHA_COMPONENT
