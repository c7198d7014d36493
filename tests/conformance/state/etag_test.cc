// SPDX-License-Identifier: Apache-2.0
// The etag matrix: every store means the same, alone, in bulk and in a transaction.
#include "conformance/test_runtime.h"
#include "support/catch.h"

namespace conformance {
namespace {

// Three ways to do one write; each has to give the same status and leave the same value.
enum class Way { kAlone, kBulk, kTransaction };

Answer Do(const StateClient& store, Way way, const Write& write) {
  if (way == Way::kBulk) {
    Answer answer = store.Bulk({write});
    answer.status = answer.items.empty() ? answer.status : answer.only().status;
    return answer;
  }
  if (way == Way::kTransaction) {
    return store.Transact({write});
  }
  return write.is_delete ? store.Delete(write.key, write.options)
                         : store.Set(write.key, write.value, write.options);
}

bool HasFirstWrite(const TestRuntime& runtime) {
  return runtime.Has("etag") && runtime.Has("first_write");
}

// Runs `check` for every way the store has.
template <class Check>
void ForEachWay(const Check& check) {
  for (const Way way : {Way::kAlone, Way::kBulk, Way::kTransaction}) {
    const StoreWorld world;
    if (!HasFirstWrite(world.runtime) ||
        (way == Way::kTransaction && !world.runtime.Has("transaction"))) {
      SUCCEED("the store lacks it");
      continue;
    }
    INFO("way " << static_cast<int>(way));
    check(world.store, way);
  }
}

// An etag this store made, and which is not the present one of any key.
std::string StaleEtag(const StateClient& store) {
  const Answer first = store.Set("stale", "1");
  REQUIRE(first.ok());
  REQUIRE(store.Set("stale", "2").ok());
  REQUIRE(store.Delete("stale").ok());
  return first.only().etag;
}

constexpr std::string_view kMalformed = "no store ever made this etag";

WriteOptions LastWrite(std::string_view etag) {
  WriteOptions options;
  options.etag = etag;
  return options;
}

TEST_CASE("last-write ignores an etag, a stale and a malformed one alike") {
  ForEachWay([](const StateClient& store, Way way) {
    REQUIRE(store.Set("k", "0").ok());
    const std::string stale = StaleEtag(store);
    CHECK(Do(store, way, Put("k", "1", LastWrite(stale))).ok());
    CHECK(store.Value("k") == "1");
    CHECK(Do(store, way, Put("k", "2", LastWrite(kMalformed))).ok());
    CHECK(store.Value("k") == "2");
    CHECK(Do(store, way, Put("fresh", "3", LastWrite(stale))).ok());
    CHECK(store.Value("fresh") == "3");
    CHECK(Do(store, way, Remove("k", LastWrite(stale))).ok());
    CHECK(store.Value("k") == "(absent)");
  });
}

TEST_CASE("first-write with the present etag writes and returns the next one") {
  ForEachWay([](const StateClient& store, Way way) {
    const std::string etag = store.Set("k", "0").only().etag;
    const Answer answer = Do(store, way, Put("k", "1", IfMatch(etag)));
    INFO(Words(answer));
    REQUIRE(answer.ok());
    CHECK(answer.only().etag != etag);
    CHECK(store.Get("k").only().etag == answer.only().etag);
    CHECK(store.Value("k") == "1");
  });
}

TEST_CASE("first-write with an etag that is not the present one is ABORTED and changes nothing") {
  ForEachWay([](const StateClient& store, Way way) {
    const std::string first = store.Set("k", "0").only().etag;
    REQUIRE(store.Set("k", "1").ok());
    const Answer answer = Do(store, way, Put("k", "2", IfMatch(first)));
    CHECK(answer.status == MECHA_ABORTED);
    CHECK_FALSE(answer.is_maybe_applied);
    CHECK(store.Value("k") == "1");
  });
}

TEST_CASE("first-write with an etag on an absent key is ABORTED") {
  ForEachWay([](const StateClient& store, Way way) {
    const std::string stale = StaleEtag(store);
    CHECK(Do(store, way, Put("k", "1", IfMatch(stale))).status == MECHA_ABORTED);
    CHECK(store.Value("k") == "(absent)");
  });
}

TEST_CASE("first-write with a malformed etag is INVALID_ARGUMENT") {
  ForEachWay([](const StateClient& store, Way way) {
    REQUIRE(store.Set("k", "0").ok());
    const Answer answer = Do(store, way, Put("k", "1", IfMatch(kMalformed)));
    const mecha_status status =
        way == Way::kTransaction && !answer.items.empty() ? answer.only().status : answer.status;
    CHECK(status == MECHA_INVALID_ARGUMENT);
    CHECK(store.Value("k") == "0");
    CHECK(Do(store, way, Remove("k", IfMatch(kMalformed))).status < 0);
    CHECK(store.Value("k") == "0");
    CHECK(Do(store, way, Put("absent", "1", IfMatch(kMalformed))).status < 0);
    CHECK(store.Value("absent") == "(absent)");
  });
}

TEST_CASE("an etag of more than 64 bytes is INVALID_ARGUMENT") {
  ForEachWay([](const StateClient& store, Way way) {
    const std::string etag = store.Set("k", "0").only().etag;
    const Answer answer = Do(store, way, Put("k", "1", IfMatch(etag + std::string(64, '0'))));
    CHECK(answer.status < 0);
    CHECK(store.Value("k") == "0");
  });
}

TEST_CASE("first-write without an etag creates, and is ABORTED when the key has a value") {
  ForEachWay([](const StateClient& store, Way way) {
    const Answer created = Do(store, way, Put("k", "1", IfAbsent()));
    INFO(Words(created));
    REQUIRE(created.ok());
    CHECK(created.only().etag == store.Get("k").only().etag);
    CHECK(Do(store, way, Put("k", "2", IfAbsent())).status == MECHA_ABORTED);
    CHECK(store.Value("k") == "1");
    REQUIRE(store.Delete("k").ok());
    CHECK(Do(store, way, Put("k", "3", IfAbsent())).ok());
    CHECK(store.Value("k") == "3");
  });
}

TEST_CASE("a key created by first-write can be overwritten by last-write") {
  ForEachWay([](const StateClient& store, Way way) {
    REQUIRE(Do(store, way, Put("k", "1", IfAbsent())).ok());
    const Answer answer = Do(store, way, Put("k", "2"));
    INFO(Words(answer));
    CHECK(answer.ok());
    CHECK(store.Value("k") == "2");
  });
}

TEST_CASE("a delete compares a first-write etag, and deletes without one") {
  ForEachWay([](const StateClient& store, Way way) {
    const std::string first = store.Set("k", "0").only().etag;
    const std::string present = store.Set("k", "1").only().etag;
    CHECK(Do(store, way, Remove("k", IfMatch(first))).status == MECHA_ABORTED);
    CHECK(store.Value("k") == "1");
    CHECK(Do(store, way, Remove("k", IfMatch(present))).ok());
    CHECK(store.Value("k") == "(absent)");
    CHECK(Do(store, way, Remove("k", IfMatch(present))).status == MECHA_ABORTED);
    REQUIRE(store.Set("k", "2").ok());
    CHECK(Do(store, way, Remove("k", IfAbsent())).ok());
    CHECK(store.Value("k") == "(absent)");
    CHECK(Do(store, way, Remove("k", IfAbsent())).ok());
  });
}

TEST_CASE("a mismatch says what failed in words, and that nothing was applied") {
  const StoreWorld world;
  if (!HasFirstWrite(world.runtime)) {
    SUCCEED("the store lacks it");
    return;
  }
  REQUIRE(world.store.Set("k", "0").ok());
  const Answer answer = world.store.Set("k", "1", IfAbsent());
  REQUIRE(answer.status == MECHA_ABORTED);
  REQUIRE(answer.has_error);
  CHECK(answer.error.find("store") != std::string::npos);
  CHECK(answer.detail("applied") == "no");
  CHECK(answer.detail("component") == "store");
}

}  // namespace
}  // namespace conformance
