// SPDX-License-Identifier: Apache-2.0
// state.redis on a real server: values, etags, bulk and transactions.
#include "redis_state_store.h"

#include <atomic>
#include <charconv>
#include <thread>

#include "redis_scripts.h"
#include "redis_store_fixture.h"

namespace MECHA_COMPONENT {
namespace {

std::string Etags(const StatusOr<Etag>& etag) {
  return etag.ok() ? std::string(etag->view()) : StoreUser::CodeOf(etag.status());
}

TEST_CASE_METHOD(RedisStoreFixture, "an absent key is NOT_FOUND without a message") {
  const auto value = user.Get("nothing");
  CHECK(value.status().code() == StatusCode::kNotFound);
  CHECK(value.status().message().empty());
}

TEST_CASE_METHOD(RedisStoreFixture, "a value comes back with its etag") {
  CHECK(Etags(user.Write(SetOf("k", "first value, longer than a short one"))) == "1");
  CHECK(Etags(user.Write(SetOf("k", "second"))) == "2");
  const auto value = user.Get("k");
  REQUIRE(value.ok());
  CHECK(value->data.view() == "second");
  CHECK(value->etag.view() == "2");
  CHECK(value->kind == ValueKind::kBinary);
  CHECK(user.Write(DeleteOf("k")).ok());
  CHECK(user.Write(DeleteOf("k")).ok());
  CHECK(user.Read("k") == "<NOT_FOUND>");
}

TEST_CASE_METHOD(RedisStoreFixture, "empty, binary and odd keys and values are kept as they are") {
  const std::string odd("a\0b\r\n$3\r\n*?[x]\\\xff", 17);
  CHECK(user.Write(SetOf(odd, "")).ok());
  CHECK(user.Read(odd).empty());
  CHECK(user.Write(SetOf("k", odd)).ok());
  CHECK(user.Read("k") == odd);
}

TEST_CASE_METHOD(RedisStoreFixture, "a binary value of 8 MB comes back unchanged") {
  std::string value(8 * 1024 * 1024, '\0');
  uint32_t seed = 1;
  for (char& byte : value) {
    seed = seed * 1664525 + 1013904223;
    byte = static_cast<char>(seed >> 24);
  }
  REQUIRE(user.Write(SetOf("big", value)).ok());
  const auto read = user.Get("big");
  REQUIRE(read.ok());
  CHECK((read->data.view() == value));
  const auto all = user.WriteMany({SetOf("b1", value), SetOf("small", "x"), SetOf("b2", value)});
  REQUIRE(all.ok());
  const auto many = user.GetMany({"b1", "small", "b2"});
  REQUIRE(many.ok());
  CHECK(((*many)[0]->data.view() == value));
  CHECK((*many)[1]->data.view() == "x");
  CHECK(((*many)[2]->data.view() == value));
}

TEST_CASE_METHOD(RedisStoreFixture, "the etag matrix holds for writes") {
  CHECK(Etags(user.Write(SetIf("k", "x", "1"))) == "<ABORTED>");
  CHECK(Etags(user.Write(CreateOf("k", "x"))) == "1");
  CHECK(Etags(user.Write(CreateOf("k", "y"))) == "<ABORTED>");
  CHECK(Etags(user.Write(SetIf("k", "y", "7"))) == "<ABORTED>");
  CHECK(user.Read("k") == "x");
  CHECK(Etags(user.Write(SetIf("k", "y", "1"))) == "2");
  StateWrite last = SetOf("k", "z");
  last.etag = "77";
  CHECK(Etags(user.Write(last)) == "3");
  CHECK(Etags(user.Write(DeleteIf("k", "2"))) == "<ABORTED>");
  CHECK(Etags(user.Write(DeleteIf("k", "3"))).empty());
  CHECK(Etags(user.Write(DeleteIf("k", "3"))) == "<ABORTED>");
  CHECK(Etags(user.Write(CreateOf("k", "again"))) == "1");
}

TEST_CASE_METHOD(RedisStoreFixture, "a malformed etag is INVALID_ARGUMENT and writes nothing") {
  REQUIRE(user.Write(SetOf("k", "x")).ok());
  for (const std::string_view etag : {"", "x", "01", "-1", "1 ", "+1", "18446744073709551616"}) {
    INFO(etag);
    CHECK(Etags(user.Write(SetIf("k", "y", etag))) == "<INVALID_ARGUMENT>");
    CHECK(Etags(user.Write(DeleteIf("k", etag))) == "<INVALID_ARGUMENT>");
  }
  CHECK(user.Read("k") == "x");
}

TEST_CASE_METHOD(RedisStoreFixture, "get_many answers every key in order, absent ones too") {
  std::vector<std::string> names;
  std::vector<StateWrite> writes;
  for (int i = 0; i < 300; ++i) {
    names.push_back("k" + std::to_string(i));
  }
  for (size_t i = 0; i < names.size(); i += 2) {
    writes.push_back(SetOf(names[i], names[i]));
  }
  REQUIRE(user.WriteMany(writes).ok());
  const auto values = user.GetMany({names.begin(), names.end()});
  REQUIRE(values.ok());
  REQUIRE(values->size() == names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    INFO(names[i]);
    if (i % 2 == 0) {
      REQUIRE((*values)[i].ok());
      CHECK((*values)[i]->data.view() == names[i]);
    } else {
      CHECK((*values)[i].status().code() == StatusCode::kNotFound);
    }
  }
}

TEST_CASE_METHOD(RedisStoreFixture, "independent writes end independently and in order") {
  const auto outcomes =
      user.WriteMany({SetOf("a", "1"), CreateOf("a", "2"), SetOf("a", "3"), SetIf("b", "x", "bad"),
                      DeleteOf("a"), CreateOf("a", "4"), SetIf("c", "x", "1"), SetOf("d", "5")});
  REQUIRE(outcomes.ok());
  std::vector<std::string> said;
  for (const WriteOutcome& outcome : *outcomes) {
    said.push_back(Etags(outcome));
  }
  CHECK(said == std::vector<std::string>{"1", "<ABORTED>", "2", "<INVALID_ARGUMENT>", "", "1",
                                         "<ABORTED>", "1"});
  CHECK(user.Read("a") == "4");
}

TEST_CASE_METHOD(RedisStoreFixture, "scripts that the server forgot are sent again, in order") {
  REQUIRE(user.Write(SetOf("k", "1")).ok());
  REQUIRE(server.Command({"SCRIPT", "FLUSH"}) == "+OK\r\n");
  const auto outcomes = user.WriteMany(
      {SetOf("k", "2"), DeleteOf("k"), SetOf("k", "3"), DeleteIf("k", "1"), SetOf("j", "4")});
  REQUIRE(outcomes.ok());
  for (const WriteOutcome& outcome : *outcomes) {
    CHECK(outcome.ok());
  }
  CHECK(user.Read("k") == "<NOT_FOUND>");
  REQUIRE(server.Command({"SCRIPT", "FLUSH"}) == "+OK\r\n");
  CHECK(user.Transact({SetOf("k", "5")}).ok());
  CHECK(user.Read("k") == "5");
}

TEST_CASE("each script's hash is that of its text") {
  test::TestRedis server;
  for (const RedisScript* script :
       {&kSetScript, &kDeleteScript, &kTransactionScript, &kCountScript}) {
    CHECK(server.Command({"SCRIPT", "LOAD", std::string(script->text)}) ==
          "$40\r\n" + std::string(script->sha1) + "\r\n");
  }
}

TEST_CASE_METHOD(RedisStoreFixture, "a transaction writes everything or nothing") {
  REQUIRE(user.Write(SetOf("a", "old")).ok());
  const auto failed =
      user.Transact({SetOf("x", "1"), DeleteOf("a"), SetIf("b", "2", "9"), SetOf("y", "3")});
  REQUIRE(failed.ok());
  CHECK(Etags((*failed)[0]) == "<CANCELLED>");
  CHECK(Etags((*failed)[1]) == "<CANCELLED>");
  CHECK(Etags((*failed)[2]) == "<ABORTED>");
  CHECK(Etags((*failed)[3]) == "<CANCELLED>");
  CHECK(user.Read("x") == "<NOT_FOUND>");
  CHECK(user.Read("a") == "old");

  const auto malformed = user.Transact({SetOf("x", "1"), SetIf("a", "2", "?")});
  REQUIRE(malformed.ok());
  CHECK(Etags((*malformed)[0]) == "<CANCELLED>");
  CHECK(Etags((*malformed)[1]) == "<INVALID_ARGUMENT>");

  const auto done = user.Transact(
      {SetOf("x", "1"), SetIf("a", "new", "1"), CreateOf("c", "2"), DeleteOf("gone")});
  REQUIRE(done.ok());
  CHECK(Etags((*done)[0]) == "1");
  CHECK(Etags((*done)[1]) == "2");
  CHECK(Etags((*done)[2]) == "1");
  CHECK(Etags((*done)[3]).empty());
  CHECK(user.Read("a") == "new");
  CHECK(Etags((*user.Transact({DeleteIf("a", "2"), DeleteOf("x")}))[0]).empty());
  CHECK(user.Read("a") == "<NOT_FOUND>");
  CHECK(user.Transact({})->empty());
}

TEST_CASE_METHOD(RedisStoreFixture, "a transaction of 1,000 operations works") {
  std::vector<std::string> names;
  std::vector<StateWrite> writes;
  for (int i = 0; i < 1000; ++i) {
    names.push_back("t" + std::to_string(i));
  }
  for (const std::string& name : names) {
    writes.push_back(CreateOf(name, name));
  }
  const auto done = user.Transact(writes);
  REQUIRE(done.ok());
  CHECK(done->size() == 1000);
  CHECK(user.Read("t999") == "t999");
  writes.front() = SetOf("t0", "changed");
  const auto failed = user.Transact(writes);
  REQUIRE(failed.ok());
  CHECK(Etags((*failed)[1]) == "<ABORTED>");
  CHECK(user.Read("t0") == "t0");
}

TEST_CASE_METHOD(RedisStoreFixture, "a lifetime ends, and a write without one keeps the value") {
  StateWrite brief = SetOf("brief", "x");
  brief.ttl = std::chrono::milliseconds(40);
  REQUIRE(user.Write(brief).ok());
  StateWrite kept = SetOf("kept", "x");
  kept.ttl = std::chrono::hours(1);
  REQUIRE(user.Write(kept).ok());
  CHECK(server.Command({"TTL", "kept"}) == ":3600\r\n");
  REQUIRE(user.Write(SetOf("kept", "y")).ok());
  CHECK(server.Command({"TTL", "kept"}) == ":-1\r\n");
  kept.ttl = std::chrono::milliseconds::max();
  CHECK(user.Transact({kept, brief}).ok());
  CHECK(server.Command({"TTL", "kept"}).size() > 10);
  REQUIRE(user.Transact({SetOf("kept", "z")}).ok());
  CHECK(server.Command({"TTL", "kept"}) == ":-1\r\n");
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(3);
  while (user.Read("brief") == "x" && std::chrono::steady_clock::now() < end) {
    std::this_thread::yield();
  }
  CHECK(user.Read("brief") == "<NOT_FOUND>");
  CHECK(Etags(user.Write(CreateOf("brief", "new"))) == "1");
}

// Values so long go through MULTI, if nothing depends on a condition.
TEST_CASE_METHOD(RedisStoreFixture, "a queued transaction leaves what the script would") {
  const std::string value(2000, 'v');
  server.Command({"RPUSH", "list", "a"});
  server.Command({"HSET", "bad", "data", "v", "version", "007"});
  server.Command({"HSET", "large", "data", "v", "version", "9007199254740993"});
  server.Command({"HSET", "kept", "data", "v", "version", "4", "first-write", "0"});
  server.Command({"EXPIRE", "kept", "100"});
  REQUIRE(user.Write(SetOf("gone", "v")).ok());
  StateWrite brief = SetOf("brief", value);
  brief.ttl = std::chrono::hours(1);
  const auto done =
      user.Transact({DeleteOf("gone"), SetOf("list", value), SetOf("bad", value), DeleteOf("none"),
                     SetOf("large", value), SetOf("kept", value), brief, SetOf("new", value)});
  REQUIRE(done.ok());
  std::string etags;
  for (const WriteOutcome& outcome : *done) {
    etags += Etags(outcome) + ",";
  }
  CHECK(etags == ",1,1,,9007199254740994,5,1,1,");
  CHECK(user.Read("gone") == "<NOT_FOUND>");
  for (const char* key : {"list", "bad", "large", "kept", "brief", "new"}) {
    CHECK(user.Read(key) == value);
  }
  CHECK(server.Command({"TTL", "kept"}) == ":-1\r\n");
  CHECK(server.Command({"TTL", "brief"}) == ":3600\r\n");
  CHECK(server.Command({"HLEN", "kept"}) == ":3\r\n");
  CHECK(server.Command({"HLEN", "new"}) == ":2\r\n");
  CHECK(server.Command({"INFO", "commandstats"}).find("cmdstat_exec:") != std::string::npos);
}

TEST_CASE_METHOD(RedisStoreFixture, "where MULTI is refused a transaction is the script") {
  const std::string value(2000, 'v');
  server.Command({"ACL", "SETUSER", "default", "-multi"});
  REQUIRE(user.Transact({SetOf("a", value), SetOf("b", value)}).ok());
  CHECK(user.Read("b") == value);
  CHECK(server.Command({"HGET", "a", "version"}) == "$1\r\n1\r\n");
}

TEST_CASE_METHOD(RedisStoreFixture, "what cannot be queued leaves nothing") {
  const std::string value(2000, 'v');
  server.Command({"ACL", "SETUSER", "default", "-hset"});
  const auto refused = user.Transact({SetOf("a", value), DeleteOf("c"), SetOf("b", value)});
  CHECK(refused.status().code() == StatusCode::kPermissionDenied);
  CHECK(refused.status().applied() == Applied::kNo);
  CHECK(server.Command({"EXISTS", "a", "b"}) == ":0\r\n");
}

TEST_CASE_METHOD(RedisStoreFixture, "increments by etag from 8 threads lose nothing") {
  constexpr int kThreads = 8;
  constexpr int kIncrements = 50;
  REQUIRE(user.Write(SetOf("counter", "0")).ok());
  std::atomic<int> errors{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      StoreUser own(store);
      for (int done = 0; done < kIncrements;) {
        const auto value = own.Get("counter");
        if (!value.ok()) {
          ++errors;
          return;
        }
        const std::string_view text = value->data.view();
        int number = 0;
        std::from_chars(text.data(), text.data() + text.size(), number);
        const std::string next = std::to_string(number + 1);
        const auto etag = own.Write(SetIf("counter", next, value->etag.view()));
        done += etag.ok() ? 1 : 0;
        errors += etag.ok() || etag.status().code() == StatusCode::kAborted ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(errors == 0);
  CHECK(user.Read("counter") == std::to_string(kThreads * kIncrements));
}

TEST_CASE_METHOD(RedisStoreFixture, "a strong write waits for the replicas there are") {
  StateWrite strong = SetOf("k", "v");
  strong.consistency = Consistency::kStrong;
  CHECK(user.Write(strong).ok());
  CHECK(user.Transact({strong, SetOf("j", "v")}).ok());

  server.Command({"CONFIG", "SET", "repl-diskless-sync-delay", "0"});
  test::TestRedis replica({"", "", {"replicaof 127.0.0.1 " + std::to_string(server.port())}});
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (server.Command({"INFO", "replication"}).find("state=online") == std::string::npos &&
         std::chrono::steady_clock::now() < end) {
    std::this_thread::yield();
  }
  store.Suspend(false);  // the number of replicas is asked for once on each connection
  REQUIRE(user.Write(strong).ok());
  CHECK(replica.Command({"HGET", "k", "data"}) == "$1\r\nv\r\n");
  replica.Pause();
  const auto unconfirmed = user.Write(strong);
  CHECK(unconfirmed.status().code() == StatusCode::kUnavailable);
  CHECK(unconfirmed.status().applied() == Applied::kYes);
  replica.Continue();
}

}  // namespace
}  // namespace MECHA_COMPONENT
