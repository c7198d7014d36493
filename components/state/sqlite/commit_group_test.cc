// SPDX-License-Identifier: Apache-2.0
#include "sqlite/commit_group.h"

#include <atomic>
#include <charconv>
#include <string>
#include <thread>
#include <vector>

#include "store_under_test.h"
#include "support/catch.h"

namespace MECHA_COMPONENT {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Runs `body(thread)` on so many threads at once.
template <class Body>
void OnThreads(int count, Body body) {
  std::vector<std::thread> threads;
  for (int t = 0; t < count; ++t) {
    threads.emplace_back([&body, t] { body(t); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

// Reads a counter, adds one and writes it back if nobody else did; again until it worked.
void Increment(StoreUnderTest& store, std::atomic<int>& retries) {
  for (;;) {
    const auto value = store.Get("counter");
    if (!value.ok()) {
      return;
    }
    const int count = std::stoi(std::string(value->data.view())) + 1;
    const std::string text = std::to_string(count);
    if (store.Write(Put("counter", text, Condition::kIfMatch, value->etag.view())).ok()) {
      return;
    }
    ++retries;
  }
}

// Another process's lock on the file, for as long as this lives.
class WriteLock {
 public:
  explicit WriteLock(const std::string& file) : database_(file) {
    database_.Run("BEGIN IMMEDIATE");
  }
  ~WriteLock() { database_.Run("ROLLBACK"); }

 private:
  RawDatabase database_;
};

// Waits until `condition` holds; false after a while.
template <class Condition>
bool Eventually(Condition condition) {
  const auto until = std::chrono::steady_clock::now() + seconds(20);
  while (!condition() && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(milliseconds(1));
  }
  return condition();
}

TEST_CASE("increments by etag from 8 threads lose nothing") {
  for (const char* disable_wal : {"false", "true"}) {
    StoreUnderTest store(Fields{{"disableWAL", disable_wal}});
    REQUIRE(store.Write(Put("counter", "0")).ok());
    std::atomic<int> retries{0};
    OnThreads(8, [&](int) {
      for (int i = 0; i < 100; ++i) {
        Increment(store, retries);
      }
    });
    CHECK(store.Text("counter") == "800");
  }
}

TEST_CASE("blocking writers, transactions, deferred writes and readers mix") {
  StoreUnderTest store;
  std::atomic<int> failures{0};
  OnThreads(8, [&](int t) {
    Call deferred;
    deferred.context.may_block = t % 2 == 0;
    for (int i = 0; i < 100; ++i) {
      const std::string key = std::to_string(t) + "." + std::to_string(i);
      const std::string other = key + "'";
      const std::vector<StateWrite> writes = {Put(key, key), Put(other, key)};
      Answer<std::vector<WriteOutcome>> both;
      store.store().Transact(deferred.context, writes, both.done());
      failures += both.Await().ok() ? 0 : 1;
      failures += store.Write(Put(key, "later"), deferred).ok() ? 0 : 1;
      failures += store.Get(other, deferred).ok() ? 0 : 1;
    }
  });
  CHECK(failures == 0);
  CHECK(store.List("", 5000).keys.size() == 1600);
}

TEST_CASE("one failed condition in a shared transaction leaves the others alone") {
  StoreUnderTest store;
  std::atomic<int> created{0};
  std::atomic<int> aborted{0};
  OnThreads(8, [&](int t) {
    for (int i = 0; i < 50; ++i) {
      const std::string key = "shared" + std::to_string(i);
      const std::string own = std::to_string(t) + "." + std::to_string(i);
      const WriteOutcome outcome = store.Write(Put(key, own, Condition::kIfAbsent));
      created += outcome.ok() ? 1 : 0;
      aborted += IsAborted(outcome.status()) ? 1 : 0;
      // All or nothing: the second write must not leave the first one behind.
      const std::string never = "never" + own;
      const std::vector<StateWrite> writes = {Put(never, own), Put(key, own, Condition::kIfAbsent)};
      (void)store.Transact(writes);
      (void)store.Write(Put(own, own));
    }
  });
  CHECK(created == 50);
  CHECK(aborted == 350);
  CHECK(store.List("never").keys.empty());
  CHECK(store.List("", 5000).keys.size() == 450);
}

TEST_CASE("writers that wait for a lock commit together once it is free") {
  StoreUnderTest store(Fields{{"busyTimeout", "20s"}});
  std::atomic<int> written{0};
  std::vector<std::thread> threads;
  {
    const WriteLock lock(store.file());
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        const std::string key = "k" + std::to_string(t);
        written += store.Write(Put(key, "v")).ok() ? 1 : 0;
      });
    }
    std::this_thread::sleep_for(milliseconds(50));
    CHECK(written == 0);
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(written == 8);
  CHECK(store.List("k").keys.size() == 8);
}

TEST_CASE("a lock that is held too long is UNAVAILABLE, and nothing was applied") {
  StoreUnderTest store(Fields{{"busyTimeout", "50ms"}});
  const WriteLock lock(store.file());
  const auto begin = std::chrono::steady_clock::now();
  const WriteOutcome outcome = store.Write(Put("k", "1"));
  CHECK(std::chrono::steady_clock::now() - begin >= milliseconds(50));
  CHECK(IsUnavailable(outcome.status()));
  CHECK(outcome.status().applied() == Applied::kNo);
  CHECK(std::string(outcome.status().message()).find(store.file()) == 0);
  CHECK(store.Text("k") == "NOT_FOUND");
}

TEST_CASE("a deadline ends the wait for a lock, also for those behind the leader") {
  StoreUnderTest store(Fields{{"busyTimeout", "20s"}});
  const WriteLock lock(store.file());
  std::atomic<int> late{0};
  const auto begin = std::chrono::steady_clock::now();
  OnThreads(4, [&](int t) {
    Call call;
    call.context.may_block = t < 3;
    call.context.deadline = Deadline::After(store.host().clock().Now(), milliseconds(100));
    late += IsDeadlineExceeded(store.Write(Put("k", "1"), call).status()) ? 1 : 0;
  });
  CHECK(late == 4);
  CHECK(std::chrono::steady_clock::now() - begin < seconds(5));
}

TEST_CASE("a cancel reaches the leader and the queued, and the rest goes on") {
  StoreUnderTest store(Fields{{"busyTimeout", "20s"}});
  std::vector<Call> calls(4);
  calls[2].context.may_block = false;
  std::vector<Answer<Etag>> answers(4);
  std::vector<std::thread> threads;
  {
    const WriteLock lock(store.file());
    for (size_t i = 0; i < calls.size(); ++i) {
      threads.emplace_back([&, i] {
        const std::string key = "k" + std::to_string(i);
        const StateWrite write = Put(key, "v");
        store.store().Write(calls[i].context, write, answers[i].done());
        answers[i].AwaitReady();
      });
      std::this_thread::sleep_for(milliseconds(20));
    }
    for (const size_t cancelled : {1, 2, 0}) {
      calls[cancelled].waiter.Stop(StopCause::kCancelled);
      CHECK(Eventually([&] { return answers[cancelled].is_ready(); }));
    }
    CHECK_FALSE(answers[3].is_ready());
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(store.List("k").keys == std::vector<std::string>{"k3"});
}

TEST_CASE("writers that are cancelled at any moment leave no one hanging and no half transaction") {
  StoreUnderTest store;
  std::atomic<bool> is_over{false};
  std::vector<Call> calls(8);
  std::mutex mutex;
  std::vector<std::unique_ptr<Call>> current(8);
  std::thread stopper([&] {
    for (size_t turn = 0; !is_over; ++turn) {
      const std::lock_guard lock(mutex);
      if (const auto& call = current[turn % current.size()]; call != nullptr) {
        call->waiter.Stop(StopCause::kCancelled);
      }
    }
  });
  std::atomic<int> odd{0};
  OnThreads(8, [&](int t) {
    for (int i = 0; i < 200; ++i) {
      {
        const std::lock_guard lock(mutex);
        current[t] = std::make_unique<Call>();
      }
      const Call& call = *current[t];
      const std::string a = "a" + std::to_string(t) + "." + std::to_string(i);
      const std::string b = "b" + a;
      const std::vector<StateWrite> writes = {Put(a, "v"), Put(b, "v")};
      Answer<std::vector<WriteOutcome>> answer;
      store.store().Transact(call.context, writes, answer.done());
      const auto outcomes = answer.Await();
      odd += outcomes.ok() || IsCancelled(outcomes.status()) ? 0 : 1;
      odd += store.Get(a).ok() == outcomes.ok() && store.Get(b).ok() == outcomes.ok() ? 0 : 1;
    }
  });
  is_over = true;
  stopper.join();
  CHECK(odd == 0);
}

TEST_CASE("a write that does not fit fails alone, also among others of one transaction") {
  StoreUnderTest store(Fields{{"disableWAL", "true"}});
  store.store().Close();
  StoreUnderTest small(
      Fields{{"connectionString", "file:" + store.file() + "?_pragma=max_page_count(64)"}});
  const std::string large(400000, 'x');
  const WriteOutcome outcome = small.Write(Put("large", large));
  CHECK(IsResourceExhausted(outcome.status()));
  CHECK(outcome.status().applied() == Applied::kNo);

  const auto outcomes = small.WriteMany({Put("a", "1"), Put("large", large), Put("b", "2")});
  CHECK(outcomes[0].ok());
  CHECK(IsResourceExhausted(outcomes[1].status()));
  CHECK(outcomes[2].ok());
  CHECK(IsResourceExhausted(small.Transact({Put("c", "1"), Put("large", large)}).status()));
  CHECK(small.Text("c") == "NOT_FOUND");

  std::atomic<int> wrong{0};
  OnThreads(8, [&](int t) {
    for (int i = 0; i < 10; ++i) {
      const std::string key = "k" + std::to_string(t);
      const bool is_large = t % 4 == 0;
      const WriteOutcome one = small.Write(Put(key, is_large ? large : "v"));
      wrong += is_large == IsResourceExhausted(one.status()) ? 0 : 1;
    }
  });
  CHECK(wrong == 0);
  CHECK(small.List("k").keys.size() == 6);
}

}  // namespace
}  // namespace MECHA_COMPONENT
