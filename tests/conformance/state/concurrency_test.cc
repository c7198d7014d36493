// SPDX-License-Identifier: Apache-2.0
// Many threads on one store. Catch2 checks only on the main thread; workers count.
#include <atomic>
#include <functional>
#include <thread>

#include "conformance/test_runtime.h"
#include "support/catch.h"

namespace conformance {
namespace {

void OnThreads(int count, const std::function<void(int)>& work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back(work, i);
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

// Adds one to the number under `key`; false when somebody else was first.
bool TryIncrement(const StateClient& store, std::string_view key, std::atomic<int>& failures) {
  const Answer read = store.Get(key);
  if (!read.ok() && read.status != MECHA_NOT_FOUND) {
    ++failures;
    return true;
  }
  const int number = read.ok() ? std::stoi(read.only().value) : 0;
  const Answer written = store.Set(key, std::to_string(number + 1), IfMatch(read.only().etag));
  if (written.status != MECHA_OK && written.status != MECHA_ABORTED) {
    ++failures;
  }
  return written.status != MECHA_ABORTED;
}

TEST_CASE("an increment by etag from 8 threads loses nothing") {
  const StoreWorld world;
  if (!world.runtime.Has("etag") || !world.runtime.Has("first_write")) {
    SUCCEED("the store lacks it");
    return;
  }
  std::atomic<int> failures = 0;
  OnThreads(8, [&](int) {
    for (int i = 0; i < 25; ++i) {
      while (!TryIncrement(world.store, "counter", failures)) {
      }
    }
  });
  CHECK(failures == 0);
  CHECK(world.store.Value("counter") == "200");
}

TEST_CASE("an increment inside a transaction from 4 threads keeps two keys equal") {
  const StoreWorld world;
  if (!world.runtime.Has("transaction") || !world.runtime.Has("first_write")) {
    SUCCEED("the store lacks it");
    return;
  }
  std::atomic<int> failures = 0;
  OnThreads(4, [&](int) {
    for (int done = 0; done < 25;) {
      const Answer read = world.store.Get("a");
      const std::string next = std::to_string(read.ok() ? std::stoi(read.only().value) + 1 : 1);
      const Answer written =
          world.store.Transact({Put("a", next, IfMatch(read.only().etag)), Put("b", next)});
      done += written.ok() ? 1 : 0;
      failures += written.ok() || written.status == MECHA_ABORTED ? 0 : 1;
      if (failures > 100) {
        return;
      }
    }
  });
  CHECK(failures == 0);
  CHECK(world.store.Value("a") == "100");
  CHECK(world.store.Value("b") == "100");
}

TEST_CASE("of many threads that create one key, one wins") {
  const StoreWorld world;
  if (!world.runtime.Has("first_write")) {
    SUCCEED("the store lacks it");
    return;
  }
  for (int round = 0; round < 10; ++round) {
    const std::string key = "k" + std::to_string(round);
    std::atomic<int> winners = 0;
    std::atomic<int> losers = 0;
    OnThreads(8, [&](int thread) {
      const mecha_status status = world.store.Set(key, std::to_string(thread), IfAbsent()).status;
      winners += status == MECHA_OK ? 1 : 0;
      losers += status == MECHA_ABORTED ? 1 : 0;
    });
    CHECK(winners == 1);
    CHECK(losers == 7);
  }
}

TEST_CASE("readers see whole values while writers replace them") {
  const StoreWorld world;
  REQUIRE(world.store.Set("k", std::string(5000, 'a')).ok());
  std::atomic<bool> is_over = false;
  std::atomic<int> torn = 0;
  std::atomic<int> failures = 0;
  std::thread writer([&] {
    for (int i = 0; i < 200; ++i) {
      const std::string value(5000 + static_cast<size_t>(i), static_cast<char>('a' + i % 26));
      failures += world.store.Set("k", value).ok() ? 0 : 1;
    }
    is_over = true;
  });
  OnThreads(2, [&](int) {
    while (!is_over) {
      const Answer answer = world.store.Get("k");
      failures += answer.ok() ? 0 : 1;
      const std::string& value = answer.only().value;
      torn += !value.empty() && value == std::string(value.size(), value.front()) ? 0 : 1;
    }
  });
  writer.join();
  CHECK(failures == 0);
  CHECK(torn == 0);
}

TEST_CASE("writers on keys of their own do not disturb one another") {
  const StoreWorld world;
  std::atomic<int> failures = 0;
  OnThreads(8, [&](int thread) {
    for (int i = 0; i < 50; ++i) {
      const std::string key = std::to_string(thread) + "-" + std::to_string(i);
      failures += world.store.Set(key, key).ok() ? 0 : 1;
      failures += world.store.Value(key) == key ? 0 : 1;
    }
  });
  CHECK(failures == 0);
  if (world.runtime.Has("list")) {
    CHECK(world.store.Keys("").size() == 400);
  }
}

TEST_CASE("two runtimes on one store respect each other's etags") {
  if (!kHarness.is_shared) {
    SUCCEED("the store belongs to one runtime");
    return;
  }
  const BackEnd back_end;
  const TestRuntime one(back_end);
  const TestRuntime two(back_end);
  if (!one.Has("first_write")) {
    return;
  }
  std::atomic<int> failures = 0;
  OnThreads(4, [&](int thread) {
    const StateClient store = (thread % 2 == 0 ? one : two).store();
    for (int i = 0; i < 25; ++i) {
      while (!TryIncrement(store, "counter", failures)) {
      }
    }
  });
  CHECK(failures == 0);
  CHECK(one.store().Value("counter") == "100");
}

}  // namespace
}  // namespace conformance
