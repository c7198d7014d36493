// SPDX-License-Identifier: Apache-2.0
#include "in_memory_state_store.h"

#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "result/status.h"
#include "result/status_or.h"
#include "support/catch.h"
#include "support/test_host.h"

namespace MECHA_COMPONENT {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

StateWrite Put(std::string_view key, std::string_view value) {
  StateWrite write;
  write.key = key;
  write.value = value;
  return write;
}

StateWrite PutIfMatch(std::string_view key, std::string_view value, std::string_view etag) {
  StateWrite write = Put(key, value);
  write.condition = Condition::kIfMatch;
  write.etag = etag;
  return write;
}

StateWrite Removal(std::string_view key) {
  StateWrite write;
  write.kind = StateWrite::Kind::kDelete;
  write.key = key;
  return write;
}

// A started store with everything it needs; operations return what `done` was given.
class Store {
 public:
  Store() : settings_({}, {}) { REQUIRE(store_.Init(call_, settings_, host_).ok()); }

  StatusOr<StateValue> Get(std::string_view key) {
    return Await<StateValue>([&](auto done) { store_.Get(call_, key, {}, std::move(done)); });
  }
  WriteOutcome Set(std::string_view key, std::string_view value,
                   std::optional<milliseconds> ttl = std::nullopt) {
    StateWrite write = Put(key, value);
    write.ttl = ttl;
    return Write(write);
  }
  WriteOutcome Write(const StateWrite& write) {
    return Await<Etag>([&](auto done) { store_.Write(call_, write, std::move(done)); });
  }
  std::vector<WriteOutcome> Transact(const std::vector<StateWrite>& writes) {
    return *Await<std::vector<WriteOutcome>>(
        [&](auto done) { store_.Transact(call_, writes, std::move(done)); });
  }
  ListPage List(const ListRequest& request) {
    return *Await<ListPage>([&](auto done) { store_.List(call_, request, std::move(done)); });
  }
  void Advance(Duration by) { host_.Advance(by); }
  InMemoryStateStore& store() { return store_; }

 private:
  template <class T, class Start>
  static StatusOr<T> Await(Start start) {
    // No macro of Catch here: it also runs on the tests' own threads.
    StatusOr<T> answer = Internal("the store did not answer inside the call");
    start(Done<T>([&answer](StatusOr<T> value) { answer = std::move(value); }));
    return answer;
  }

  test::TestHost host_;
  CallContext call_;
  Settings settings_;
  InMemoryStateStore store_;
};

TEST_CASE("in-memory: a get shares the stored bytes instead of copying them") {
  Store store;
  REQUIRE(store.Set("k", "value").ok());
  const StateValue first = *store.Get("k");
  const StateValue second = *store.Get("k");
  CHECK(first.data.view() == "value");
  CHECK((first.data.data() == second.data.data()));
}

TEST_CASE("in-memory: a value that was read outlives its replacement and the store") {
  std::optional<StateValue> value;
  {
    Store store;
    REQUIRE(store.Set("k", "old").ok());
    value = *store.Get("k");
    REQUIRE(store.Set("k", "new").ok());
  }
  CHECK(value->data.view() == "old");
}

TEST_CASE("in-memory: an etag is never used twice, also not after a delete or a suspend") {
  Store store;
  const std::string first(store.Set("k", "1")->view());
  REQUIRE(store.Write(Removal("k")).ok());
  store.store().Suspend(false);
  REQUIRE(store.store().Resume({}).ok());
  const std::string second(store.Set("k", "1")->view());
  CHECK(first == "1");
  CHECK(second == "2");
}

TEST_CASE("in-memory: an etag that is not canonical decimal is refused") {
  Store store;
  REQUIRE(store.Set("k", "1").ok());
  for (const std::string_view etag : {"01", "+1", " 1", "1 ", "0", "x", "18446744073709551616"}) {
    const WriteOutcome outcome = store.Write(PutIfMatch("k", "2", etag));
    CHECK(outcome.status().code() == StatusCode::kInvalidArgument);
  }
  CHECK(store.Get("k")->data.view() == "1");
}

TEST_CASE("in-memory: a value expires at its millisecond and not before") {
  Store store;
  REQUIRE(store.Set("k", "v", seconds(10)).ok());
  store.Advance(milliseconds(9900));
  CHECK(store.Get("k")->expires.has_value());
  store.Advance(milliseconds(100));
  CHECK(store.Get("k").status().code() == StatusCode::kNotFound);
  StateWrite first_write = Put("k", "again");
  first_write.condition = Condition::kIfAbsent;
  CHECK(store.Write(first_write).ok());
  CHECK_FALSE(store.Get("k")->expires.has_value());
}

TEST_CASE("in-memory: overwriting a value without a time to live makes it stay") {
  Store store;
  REQUIRE(store.Set("k", "v", seconds(1)).ok());
  REQUIRE(store.Set("k", "w").ok());
  store.Advance(seconds(2));
  for (int i = 0; i < 100; ++i) {
    REQUIRE(store.Set("other" + std::to_string(i), "x").ok());
  }
  CHECK(store.Get("k")->data.view() == "w");
}

TEST_CASE("in-memory: a transaction with one bad etag changes nothing and names it") {
  Store store;
  REQUIRE(store.Set("a", "1").ok());
  const auto outcomes = store.Transact({Put("a", "2"), PutIfMatch("b", "2", "77"), Removal("a2")});
  REQUIRE(outcomes.size() == 3);
  CHECK(outcomes[0].status().code() == StatusCode::kCancelled);
  CHECK(IsAborted(outcomes[1].status()));
  CHECK(outcomes[2].status().code() == StatusCode::kCancelled);
  CHECK(store.Get("a")->data.view() == "1");
}

TEST_CASE("in-memory: list pages neither repeat nor miss a key while others come and go") {
  Store store;
  for (int i = 100; i < 200; ++i) {
    REQUIRE(store.Set("p" + std::to_string(i), "x").ok());
  }
  REQUIRE(store.Set("q", "x").ok());
  std::vector<std::string> seen;
  std::string position;
  do {
    const ListPage page = store.List({.prefix = "p", .limit = 7, .position = position});
    seen.insert(seen.end(), page.keys.begin(), page.keys.end());
    position = page.next;
    // Keys in front of the position, where they must not disturb it; a page's last key goes away.
    REQUIRE(store.Set("p0" + std::to_string(seen.size()), "x").ok());
    REQUIRE(store.Write(Removal(seen.back())).ok());
  } while (!position.empty());
  REQUIRE(seen.size() == 100);
  CHECK(seen.front() == "p100");
  CHECK(seen.back() == "p199");
}

TEST_CASE("in-memory: the last page says so, also when it is full") {
  Store store;
  REQUIRE(store.Set("a", "x").ok());
  REQUIRE(store.Set("b", "x").ok());
  const ListPage page = store.List({.prefix = "", .limit = 2, .position = ""});
  CHECK(page.keys == std::vector<std::string>{"a", "b"});
  CHECK(page.next.empty());
}

TEST_CASE("in-memory: opposite transactions on many threads neither hang nor tear") {
  Store store;
  std::atomic<int> failures{0};
  const auto work = [&store, &failures](bool is_reversed) {
    for (int i = 0; i < 500; ++i) {
      const std::string value = (is_reversed ? "r" : "f") + std::to_string(i);
      std::vector<StateWrite> writes;
      static constexpr std::string_view kKeys[] = {"a", "b", "c", "d", "e", "f"};
      for (size_t k = 0; k < 6; ++k) {
        writes.push_back(Put(kKeys[is_reversed ? 5 - k : k], value));
      }
      for (const WriteOutcome& outcome : store.Transact(writes)) {
        failures += outcome.ok() ? 0 : 1;
      }
    }
  };
  std::thread forward(work, false);
  std::thread backward(work, true);
  forward.join();
  backward.join();
  CHECK(failures == 0);
  const std::string last(store.Get("a")->data.view());
  for (const std::string_view key : {"b", "c", "d", "e", "f"}) {
    CHECK(store.Get(key)->data.view() == last);
  }
}

TEST_CASE("in-memory: writes drop what has expired, so that it does not pile up") {
  Clock clock;
  EntryTable table;
  const auto put = [&](const std::string& key, Duration ttl) {
    Entry entry;
    entry.version = table.size() + 1;
    entry.expiry = Expiry{clock.Now() + ttl, clock.WallNow() + ttl};
    table.Put(HashedKey(key), std::move(entry));
  };
  for (int i = 0; i < 50; ++i) {
    put("short" + std::to_string(i), seconds(1));
  }
  put("long", seconds(1000));
  clock.Advance(seconds(2));
  table.Purge(clock, 20);
  CHECK(table.size() == 31);
  table.Purge(clock, 1000);
  CHECK(table.size() == 1);
  CHECK(table.FindLive(HashedKey("long"), clock) != nullptr);
}

}  // namespace
}  // namespace MECHA_COMPONENT
