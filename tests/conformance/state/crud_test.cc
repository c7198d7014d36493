// SPDX-License-Identifier: Apache-2.0
// One key at a time: write, read, replace, delete.
#include "conformance/test_runtime.h"
#include "support/catch.h"

namespace conformance {
namespace {

TEST_CASE("a value that was set is read back with the etag of its write") {
  const StoreWorld world;
  const Answer set = world.store.Set("k", "value");
  INFO(Words(set));
  REQUIRE(set.ok());
  REQUIRE(set.items.size() == 1);
  const Answer get = world.store.Get("k");
  REQUIRE(get.ok());
  REQUIRE(get.items.size() == 1);
  CHECK(get.only().value == "value");
  CHECK(get.only().key == "k");
  CHECK_FALSE(get.only().is_json);
  CHECK(get.only().expires_unix_ms == 0);
  if (world.runtime.Has("etag")) {
    CHECK_FALSE(set.only().etag.empty());
    CHECK(set.only().etag.size() <= 64);
    CHECK(get.only().etag == set.only().etag);
  }
}

TEST_CASE("an absent key is NOT_FOUND with a result and without an error") {
  const StoreWorld world;
  const Answer get = world.store.Get("absent");
  CHECK(get.status == MECHA_NOT_FOUND);
  CHECK_FALSE(get.has_error);
  CHECK(get.error.empty());
}

TEST_CASE("a second set replaces the value and changes the etag") {
  const StoreWorld world;
  const Answer first = world.store.Set("k", "one");
  const Answer second = world.store.Set("k", "two");
  REQUIRE(first.ok());
  REQUIRE(second.ok());
  CHECK(world.store.Value("k") == "two");
  if (world.runtime.Has("etag")) {
    CHECK(first.only().etag != second.only().etag);
  }
}

TEST_CASE("a deleted key is absent, and deleting it again is OK") {
  const StoreWorld world;
  REQUIRE(world.store.Set("k", "value").ok());
  CHECK(world.store.Delete("k").ok());
  CHECK(world.store.Value("k") == "(absent)");
  CHECK(world.store.Delete("k").ok());
  CHECK(world.store.Delete("never-was").ok());
}

TEST_CASE("many keys keep their own values") {
  const StoreWorld world;
  for (int i = 0; i < 200; ++i) {
    REQUIRE(world.store.Set("k" + std::to_string(i), "v" + std::to_string(i)).ok());
  }
  for (int i = 0; i < 200; i += 2) {
    REQUIRE(world.store.Delete("k" + std::to_string(i)).ok());
  }
  for (int i = 0; i < 200; ++i) {
    const std::string wanted = i % 2 == 0 ? "(absent)" : "v" + std::to_string(i);
    REQUIRE(world.store.Value("k" + std::to_string(i)) == wanted);
  }
}

TEST_CASE("a strong read sees a strong write, or strong consistency is refused") {
  const StoreWorld world;
  WriteOptions strong;
  strong.consistency = MECHA_STATE_STRONG;
  const Answer set = world.store.Set("k", "value", strong);
  const Answer get = world.store.Get("k", nullptr, MECHA_STATE_STRONG);
  if (!world.runtime.Has("strong_consistency")) {
    CHECK(IsRefusal(set));
    CHECK(IsRefusal(get));
    return;
  }
  INFO(Words(set));
  INFO(Words(get));
  CHECK(set.ok());
  CHECK(get.only().value == "value");
  CHECK(world.store.Delete("k", strong).ok());
}

TEST_CASE("an unknown consistency is INVALID_ARGUMENT") {
  const StoreWorld world;
  CHECK(world.store.Get("k", nullptr, 77).status == MECHA_INVALID_ARGUMENT);
}

TEST_CASE("an unknown store names those that are loaded") {
  const StoreWorld world;
  const Answer answer = world.runtime.store("stroe").Get("k");
  CHECK(answer.status == MECHA_NOT_FOUND);
  REQUIRE(answer.has_error);
  CHECK(answer.error.find("stroe") != std::string::npos);
  CHECK(answer.error.find("\"store\"") != std::string::npos);
}

TEST_CASE("the component answers a ping") {
  const StoreWorld world;
  mecha_result* result = nullptr;
  const mecha_status status =
      mecha_component_ping(world.runtime.get(), nullptr, ViewOf("store"), &result);
  const Answer answer = TakeAnswer(status, result);
  INFO(Words(answer));
  CHECK(answer.ok());
}

}  // namespace
}  // namespace conformance
