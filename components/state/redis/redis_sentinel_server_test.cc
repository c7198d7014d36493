// SPDX-License-Identifier: Apache-2.0
// state.redis behind sentinels: finding the master, following it, and what strong writes are worth.
#include <atomic>
#include <deque>
#include <thread>

#include "redis_store_fixture.h"
#include "redis_witness.h"
#include "support/moment.h"
#include "support/redis_group.h"
#ifdef MECHA_TEST_TLS
#include "support/test_authority.h"
#include "support/tls_module.h"
#endif

namespace MECHA_COMPONENT {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::AwaitThat;
using Way = RedisWitness::Way;

Fields FailoverFields(const std::string& sentinels) {
  return {{"redisHost", sentinels},
          {"failover", "true"},
          {"sentinelMasterName", test::RedisGroup::kMasterName}};
}

// How many scripts, which all writes are, the server has run.
std::string ScriptCalls(const test::TestRedis& server) {
  const std::string statistics = server.Command({"INFO", "commandstats"});
  const size_t start = statistics.find("cmdstat_evalsha:calls=");
  return start == statistics.npos ? ""
                                  : statistics.substr(start, statistics.find(',', start) - start);
}

struct SentinelFixture {
  explicit SentinelFixture(const test::RedisGroupOptions& options = {}, const Fields& fields = {})
      : group(options) {
    Fields all = FailoverFields(group.addresses());
    all.insert(fields.begin(), fields.end());
    status = Init(all);
  }
  Status Init(const Fields& fields) {
    TestCall call(Deadline::After(host.clock().Now(), seconds(20)));
    return store.Init(call.context, MakeSettings(fields), host);
  }

  test::RedisGroup group;
  test::TestHost host;
  RedisStateStore store;
  StoreUser user{store};
  Status status;
};

// Writers of every way in: a few with connections of their own, a crowd on the lines, queues.
class Writers {
 public:
  Writers(SentinelFixture& fixture, size_t blocking, size_t queues) {
    for (size_t i = 0; i < blocking + queues; ++i) {
      const Way way = i < blocking ? Way::kBlocking : Way::kQueue;
      witnesses_.emplace_back(fixture.store, fixture.host, "w" + std::to_string(i), way);
    }
    progress_ = std::vector<std::atomic<size_t>>(witnesses_.size());
    for (size_t i = 0; i < witnesses_.size(); ++i) {
      threads_.emplace_back([this, i] { Run(i); });
    }
  }

  // True when each has `count` more acknowledged writes than now.
  bool AwaitProgress(size_t count) {
    std::vector<size_t> before(progress_.begin(), progress_.end());
    return AwaitThat([&] {
      for (size_t i = 0; i < before.size(); ++i) {
        if (progress_[i].load() < before[i] + count) {
          return false;
        }
      }
      return true;
    });
  }
  void AllowLoss() { may_lose_.store(true); }

  // Ends them; the first thing that was wrong, or nothing.
  std::string Finish() {
    is_ending_.store(true);
    std::string wrong;
    for (size_t i = 0; i < threads_.size(); ++i) {
      threads_[i].join();
      wrong = wrong.empty() ? witnesses_[i].wrong() : wrong;
    }
    return wrong;
  }

 private:
  void Run(size_t index) {
    RedisWitness& witness = witnesses_[index];
    while (!is_ending_.load()) {
      if (may_lose_.load()) {
        witness.AllowLoss();
      }
      witness.Step(seconds(2));
      progress_[index].store(witness.successes());
      std::this_thread::sleep_for(milliseconds(1));
    }
    witness.Finish();
  }

  std::deque<RedisWitness> witnesses_;
  std::vector<std::atomic<size_t>> progress_;
  std::vector<std::thread> threads_;
  std::atomic<bool> is_ending_{false};
  std::atomic<bool> may_lose_{false};
};

TEST_CASE("when the master is killed, every writer goes on with the next one") {
  SentinelFixture fixture({.sentinels = 3}, {{"poolSize", "64"}});
  INFO(fixture.status.message());
  REQUIRE(fixture.status.ok());
  const test::TestRedis& old = fixture.group.Master();
  Writers writers(fixture, 24, 2);
  CHECK(writers.AwaitProgress(5));
  writers.AllowLoss();  // the replica may lack the last writes
  fixture.group.Master().Kill();
  fixture.group.sentinel(1).Kill();  // one of three may be missing
  CHECK(fixture.group.AwaitOtherMaster(old));
  CHECK(writers.AwaitProgress(5));
  CHECK(writers.Finish() == "");
  CHECK(fixture.host.logs().size() < 10);
}

TEST_CASE("a failover that leaves the old master alive is followed within seconds") {
  SentinelFixture fixture({}, {{"poolSize", "64"}});
  REQUIRE(fixture.status.ok());
  test::TestRedis& old = fixture.group.Master();
  test::TestRedis& next = fixture.group.Replica();
  REQUIRE(fixture.user.Write(SetOf("k", "v")).ok());
  Writers writers(fixture, 24, 2);
  CHECK(writers.AwaitProgress(5));
  writers.AllowLoss();
  fixture.group.FailOver();
  // The old one takes writes for about 10 s more: only asking again leads away from it.
  for (int i = 0; i < 26; ++i) {
    const std::vector<std::string> read = {"HGET", "w" + std::to_string(i), "data"};
    const std::string before = next.Command(read);
    CHECK(AwaitThat([&] { return next.Command(read) != before; }));
  }
  CHECK(old.Command({"ROLE"}).find("master") != std::string::npos);
  const std::string calls = ScriptCalls(old);
  CHECK(writers.AwaitProgress(20));
  CHECK(ScriptCalls(old) == calls);
  CHECK(writers.Finish() == "");
}

#ifdef MECHA_TEST_TLS
TEST_CASE("sentinels and servers with TLS are asked and followed with TLS") {
  const test::TestAuthority authority;
  const test::TestFolder folder;
  const test::TestIdentity identity = authority.Issue({.names = {"127.0.0.1"}});
  const std::string ca = folder.Write("ca.pem", authority.certificate());
  test::RedisGroup group(
      {.tls = {"tls-cert-file " + folder.Write("server.pem", identity.certificate),
               "tls-key-file " + folder.Write("server.key", identity.key), "tls-ca-cert-file " + ca,
               "tls-auth-clients no"}});
  auto loaded = test::LoadTlsModule();
  REQUIRE(loaded.ok());
  test::TestHost host;
  host.cryptography = loaded->get();
  RedisStateStore store;
  Fields fields = FailoverFields(group.addresses());
  fields["enableTLS"] = "true";
  fields["caCert"] = ca;
  TestCall call;
  const Status status = store.Init(call.context, MakeSettings(fields), host);
  INFO(status.message());
  REQUIRE(status.ok());
  StoreUser user(store);
  StateWrite strong = SetOf("k", "v");
  strong.consistency = Consistency::kStrong;
  REQUIRE(user.Write(strong).ok());
  const test::TestRedis& old = group.Master();
  group.Master().Kill();
  REQUIRE(group.AwaitOtherMaster(old));
  CHECK(AwaitThat([&] { return user.Read("k") == "v"; }));
  CHECK(user.Write(SetOf("k", "w")).ok());
}
#endif

TEST_CASE("a server that is no master takes no write, whoever names it") {
  SentinelFixture fixture;
  REQUIRE(fixture.status.ok());
  REQUIRE(fixture.user.Write(SetOf("k", "v")).ok());
  test::QueuedCall queued;
  queued.Set(fixture.store, "q", "v");
  REQUIRE(queued.Await());
  test::TestRedis& master = fixture.group.Master();
  // Demoted behind the sentinels' back, with no connection cut; they go on naming it.
  REQUIRE(master.Command({"REPLICAOF", "127.0.0.1", "1"}) == "+OK\r\n");
  for (int i = 0; i < 3; ++i) {
    const Status refused = fixture.user.Write(SetOf("k", "w")).status();
    INFO(refused.message());
    CHECK(IsUnavailable(refused));
    CHECK(refused.applied() == Applied::kNo);
    CHECK(refused.message().find("replica") != std::string_view::npos);
    test::QueuedCall also;
    also.Set(fixture.store, "q", "w");
    REQUIRE(also.Await());
    CHECK(IsUnavailable(also.etag.status()));
    CHECK(also.etag.status().applied() == Applied::kNo);
  }
  CHECK(master.Command({"HGET", "k", "data"}) == "$1\r\nv\r\n");
  CHECK(master.Command({"HGET", "q", "data"}) == "$1\r\nv\r\n");
  REQUIRE(master.Command({"REPLICAOF", "NO", "ONE"}) == "+OK\r\n");
  CHECK(AwaitThat([&] { return fixture.user.Write(SetOf("k", "w")).ok(); }));
  CHECK(fixture.user.Read("k") == "w");
}

TEST_CASE("what the sentinels say against a start is told, with whoever said it") {
  SentinelFixture fixture({.sentinel_password = "word"}, {{"sentinelPassword", "word"}});
  INFO(fixture.status.message());
  CHECK(fixture.status.ok());
  const auto init = [&](const Fields& changed) {
    Fields fields = FailoverFields(fixture.group.addresses());
    fields["sentinelPassword"] = "word";
    for (const auto& [name, text] : changed) {
      fields[name] = text;
    }
    return fixture.Init(fields);
  };
  const auto mentions = [](const Status& status, std::string_view words) {
    return status.message().find(words) != std::string_view::npos;
  };
  const std::string address = fixture.group.addresses();
  const Status wrong = init({{"sentinelPassword", "hunter2"}});
  CHECK(wrong.code() == StatusCode::kUnauthenticated);
  CHECK(mentions(wrong, "check sentinelUsername and sentinelPassword"));
  CHECK(mentions(wrong, "sentinel " + address));
  CHECK_FALSE(mentions(wrong, "hunter2"));
  CHECK(mentions(init({{"sentinelPassword", ""}}), "set sentinelPassword"));
  const Status unknown = init({{"sentinelMasterName", "other"}});
  CHECK(unknown.code() == StatusCode::kFailedPrecondition);
  CHECK(mentions(unknown, "the master \"other\""));
  CHECK(mentions(unknown, "check sentinelMasterName"));
  CHECK(init({{"redisHost", "127.0.0.1:1," + address}}).ok());
  CHECK(fixture.user.Write(SetOf("k", "v")).ok());

  // With no sentinel left, what is connected goes on; what must connect says why it cannot.
  fixture.group.sentinel(0).Kill();
  fixture.host.Advance(seconds(2));
  CHECK(fixture.user.Read("k") == "v");
  CHECK(fixture.user.Write(SetOf("k", "w")).ok());
  fixture.store.Suspend(false);
  TestCall call;
  REQUIRE(fixture.store.Resume(call.context).ok());
  const Status lost = fixture.user.Get("k").status();
  CHECK(IsUnavailable(lost));
  CHECK(mentions(lost, "ask for the master \"mymaster\": "));
  CHECK(mentions(lost, "sentinel 127.0.0.1:1: "));
  CHECK(mentions(lost, "sentinel " + address + ": connect to " + address + ": connection refused"));
  fixture.group.sentinel(0).Restart();
  CHECK(AwaitThat([&] { return fixture.user.Read("k") == "w"; }));
}

TEST_CASE("a strong write is with the replica, delays nobody else, and outlives the master") {
  SentinelFixture fixture;
  REQUIRE(fixture.status.ok());
  const auto strong = [](std::string_view key, std::string_view value) {
    StateWrite write = SetOf(key, value);
    write.consistency = Consistency::kStrong;
    return write;
  };
  REQUIRE(fixture.user.Write(strong("k", "v")).ok());
  // Read behind it, with no further wait.
  CHECK(fixture.group.Replica().Command({"HGET", "k", "data"}) == "$1\r\nv\r\n");

  fixture.group.Replica().Pause();
  std::atomic<bool> has_ended{false};
  Status late;
  std::thread waiting([&] {
    late = StoreUser(fixture.store).Write(strong("k", "late")).status();
    has_ended.store(true);
  });
  CHECK(AwaitThat([&] { return fixture.user.Read("k") == "late"; }));
  test::QueuedCall queued;
  queued.Get(fixture.store, "k");
  CHECK(queued.Await());
  CHECK(queued.value.ok());
  CHECK_FALSE(has_ended.load());
  waiting.join();
  CHECK(IsUnavailable(late));
  CHECK(late.applied() == Applied::kYes);
  CHECK(late.message().find("only 0 of 1 replicas") != std::string_view::npos);
  fixture.group.Replica().Continue();

  std::vector<std::string> kept;
  for (int i = 0; i < 200; ++i) {
    const std::string key = "s" + std::to_string(i);
    if (fixture.user.Write(strong(key, "v")).ok()) {
      kept.push_back(key);
    }
  }
  CHECK(kept.size() == 200);
  const test::TestRedis& old = fixture.group.Master();
  fixture.group.Master().Kill();
  REQUIRE(fixture.group.AwaitOtherMaster(old));
  REQUIRE(AwaitThat([&] { return fixture.user.Read("k") == "late"; }));
  for (const std::string& key : kept) {
    CHECK(fixture.user.Read(key) == "v");
  }
}

}  // namespace
}  // namespace MECHA_COMPONENT
