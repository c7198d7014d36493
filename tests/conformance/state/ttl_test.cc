// SPDX-License-Identifier: Apache-2.0
// Time to live. A store that expires on the library's clock is tested by moving that clock; one
// whose server expires is polled for at most three seconds.
#include <chrono>
#include <thread>

#include "conformance/test_runtime.h"
#include "support/catch.h"

namespace conformance {
namespace {

constexpr int64_t kTtlMs = 1000;

bool HasTtl(const StoreWorld& world) {
  if (world.runtime.Has("ttl")) {
    return true;
  }
  CHECK(world.store.Set("k", "v", WithTtl(kTtlMs)).status < 0);
  return false;
}

bool IsAbsent(const StateClient& store, std::string_view key) {
  return store.Get(key).status == MECHA_NOT_FOUND;
}

// Lets a value of kTtlMs expire, and says whether it did.
bool LetExpire(const StoreWorld& world, std::string_view key) {
  world.runtime.Advance(kTtlMs + 1500);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(3);
  while (!IsAbsent(world.store, key)) {
    if (std::chrono::steady_clock::now() > until) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

int64_t WallMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

TEST_CASE("a value with a time to live expires, one without stays") {
  const StoreWorld world;
  if (!HasTtl(world)) {
    return;
  }
  REQUIRE(world.store.Set("short", "x", WithTtl(kTtlMs)).ok());
  REQUIRE(world.store.Set("long", "x", WithTtl(3'600'000)).ok());
  REQUIRE(world.store.Set("never", "x", WithTtl(-1)).ok());
  REQUIRE(world.store.Set("default", "x").ok());
  CHECK(world.store.Value("short") == "x");
  REQUIRE(LetExpire(world, "short"));
  CHECK(world.store.Value("long") == "x");
  CHECK(world.store.Value("never") == "x");
  CHECK(world.store.Value("default") == "x");
}

TEST_CASE("a store that tells the expiry does not tell one before its time") {
  const StoreWorld world;
  if (!HasTtl(world)) {
    return;
  }
  const int64_t before = WallMs();
  for (const int64_t ttl_ms : {int64_t{1}, int64_t{1234}, int64_t{60'000}}) {
    REQUIRE(world.store.Set("k", "x", WithTtl(ttl_ms)).ok());
    const Answer answer = world.store.Get("k");
    if (ttl_ms == 1 && answer.status == MECHA_NOT_FOUND) {
      continue;  // a millisecond may have passed
    }
    REQUIRE(answer.ok());
    if (answer.only().expires_unix_ms != 0) {
      CHECK(answer.only().expires_unix_ms >= before + ttl_ms);
      // Rounded up to whole seconds at the most.
      CHECK(answer.only().expires_unix_ms <= WallMs() + ttl_ms + 1000);
    }
  }
  REQUIRE(world.store.Set("k", "x").ok());
  CHECK(world.store.Get("k").only().expires_unix_ms == 0);
}

TEST_CASE("a time to live of half a second does not end at once") {
  const StoreWorld world;
  if (!HasTtl(world)) {
    return;
  }
  REQUIRE(world.store.Set("k", "x", WithTtl(900)).ok());
  CHECK(world.store.Value("k") == "x");
}

TEST_CASE("writing again without a time to live makes the value stay") {
  const StoreWorld world;
  if (!HasTtl(world)) {
    return;
  }
  REQUIRE(world.store.Set("k", "short", WithTtl(kTtlMs)).ok());
  REQUIRE(world.store.Set("probe", "short", WithTtl(kTtlMs)).ok());
  REQUIRE(world.store.Set("k", "stays").ok());
  REQUIRE(LetExpire(world, "probe"));
  CHECK(world.store.Value("k") == "stays");
}

TEST_CASE("what has expired is absent to every operation") {
  const StoreWorld world;
  if (!HasTtl(world)) {
    return;
  }
  const std::string etag = world.store.Set("k", "x", WithTtl(kTtlMs)).only().etag;
  REQUIRE(world.store.Set("p-kept", "x").ok());
  REQUIRE(world.store.Set("p-gone", "x", WithTtl(kTtlMs)).ok());
  REQUIRE(world.store.Set("created", "old", WithTtl(kTtlMs)).ok());
  REQUIRE(LetExpire(world, "k"));
  REQUIRE(LetExpire(world, "p-gone"));
  REQUIRE(LetExpire(world, "created"));
  const Answer many = world.store.GetMany({"k", "p-kept"});
  CHECK(many.statuses() == std::vector<mecha_status>{MECHA_NOT_FOUND, MECHA_OK});
  if (world.runtime.Has("list")) {
    CHECK(world.store.Keys("p-") == std::vector<std::string>{"p-kept"});
  }
  if (world.runtime.Has("first_write")) {
    CHECK(world.store.Set("k", "y", IfMatch(etag)).status == MECHA_ABORTED);
    CHECK(world.store.Delete("k", IfMatch(etag)).status == MECHA_ABORTED);
    CHECK(world.store.Set("created", "new", IfAbsent()).ok());
    CHECK(world.store.Value("created") == "new");
  }
  CHECK(world.store.Delete("k").ok());
}

TEST_CASE("a transaction and a bulk apply set times to live, too") {
  const StoreWorld world;
  if (!HasTtl(world)) {
    return;
  }
  REQUIRE(world.store.Bulk({Put("bulk", "x", WithTtl(kTtlMs)), Put("stays", "x")}).ok());
  if (world.runtime.Has("transaction")) {
    REQUIRE(world.store.Transact({Put("atomic", "x", WithTtl(kTtlMs)), Put("stays2", "x")}).ok());
    CHECK(LetExpire(world, "atomic"));
    CHECK(world.store.Value("stays2") == "x");
  }
  CHECK(LetExpire(world, "bulk"));
  CHECK(world.store.Value("stays") == "x");
}

TEST_CASE("a negative time to live other than -1 is INVALID_ARGUMENT") {
  const StoreWorld world;
  if (!HasTtl(world)) {
    return;
  }
  CHECK(world.store.Set("k", "x", WithTtl(-2)).status == MECHA_INVALID_ARGUMENT);
  CHECK(IsAbsent(world.store, "k"));
}

TEST_CASE("the largest time to live neither overflows nor expires") {
  const StoreWorld world;
  if (!HasTtl(world)) {
    return;
  }
  const Answer answer = world.store.Set("k", "x", WithTtl(INT64_MAX));
  INFO(Words(answer));
  if (answer.ok()) {
    CHECK(world.store.Value("k") == "x");
  } else {
    CHECK((answer.status == MECHA_INVALID_ARGUMENT || answer.status == MECHA_OUT_OF_RANGE));
  }
}

}  // namespace
}  // namespace conformance
