// SPDX-License-Identifier: Apache-2.0
// What a key may be.
#include <algorithm>

#include "conformance/test_runtime.h"
#include "support/catch.h"

namespace conformance {
namespace {

std::vector<std::string> OddKeys() {
  return {"with space",
          " leading",
          "trailing ",
          "slash/in/it",
          "dot.",
          "comma,",
          "semi;colon",
          "'single'",
          "\"double\"",
          "back\\slash",
          "per%cent",
          "under_score",
          "star*",
          "quest?",
          "[bracket]",
          "{brace}",
          "$dollar",
          "#hash",
          "a|b",
          "|",
          "tab\there",
          "line\nbreak",
          "gr\xC3\xBC\xC3\x9F"
          "e",
          "\xE6\x97\xA5\xE6\x9C\xAC",
          "\xF0\x9F\x98\x80",
          "-1",
          "0",
          "NULL",
          "null",
          "; DROP TABLE state; --",
          "key",
          "KEY",
          "Key",
          "k\r\nSET x y"};
}

// A store without the capability any_key takes no space or control character; one without long_key
// takes so many bytes and refuses 1,000.
constexpr size_t kShortKey = 200;

bool IsPlain(std::string_view key) {
  return std::ranges::none_of(
      key, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7F'; });
}

// Every operation has to refuse `key` in the same way.
void CheckRefused(const StoreWorld& world, const std::string& key) {
  const Answer get = world.store.Get(key);
  CHECK(get.status == MECHA_INVALID_ARGUMENT);
  CHECK(get.has_error);
  CHECK_FALSE(get.error.empty());
  CHECK(world.store.Set(key, "x").status == MECHA_INVALID_ARGUMENT);
  CHECK(world.store.Delete(key).status == MECHA_INVALID_ARGUMENT);
  const Answer bulk = world.store.Bulk({Put(key, "x")});
  CHECK(bulk.status != MECHA_OK);
  const Answer many = world.store.GetMany({key});
  CHECK(many.status != MECHA_OK);
}

// The odd keys that the store takes; the others it has to refuse.
std::vector<std::string> OddKeysOf(const StoreWorld& world) {
  std::vector<std::string> keys = OddKeys();
  if (!world.runtime.Has("any_key")) {
    for (const std::string& key : keys) {
      INFO(key);
      if (!IsPlain(key)) {
        CheckRefused(world, key);
      }
    }
    std::erase_if(keys, [](const std::string& key) { return !IsPlain(key); });
  }
  return keys;
}

TEST_CASE("odd keys are kept apart and come back") {
  const StoreWorld world;
  const std::vector<std::string> keys = OddKeysOf(world);
  for (size_t i = 0; i < keys.size(); ++i) {
    const Answer answer = world.store.Set(keys[i], std::to_string(i));
    INFO(keys[i] << " " << Words(answer));
    REQUIRE(answer.ok());
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    INFO(keys[i]);
    const Answer answer = world.store.Get(keys[i]);
    CHECK(answer.only().value == std::to_string(i));
    CHECK(answer.only().key == keys[i]);
  }
  if (world.runtime.Has("list")) {
    std::vector<std::string> sorted = keys;
    std::ranges::sort(sorted);
    CHECK(world.store.Keys("") == sorted);
  }
  const Answer many = world.store.GetMany(keys);
  REQUIRE(many.items.size() == keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    CHECK(many.items[i].value == std::to_string(i));
  }
  for (const std::string& key : keys) {
    CHECK(world.store.Delete(key).ok());
    CHECK(world.store.Value(key) == "(absent)");
  }
}

TEST_CASE("a key of 1,000 bytes works, also one that differs in its last byte only") {
  const StoreWorld world;
  const bool has_long = world.runtime.Has("long_key");
  if (!has_long) {
    CheckRefused(world, std::string(1000, 'k'));
  }
  const std::string key(has_long ? 999 : kShortKey - 1, 'k');
  REQUIRE(world.store.Set(key + "a", "1").ok());
  REQUIRE(world.store.Set(key + "b", "2").ok());
  CHECK(world.store.Value(key + "a") == "1");
  CHECK(world.store.Value(key + "b") == "2");
}

TEST_CASE("a key with ||, an empty one and one that is too long are INVALID_ARGUMENT") {
  const StoreWorld world;
  for (const std::string key : {"a||b", "||", "||a", "a||"}) {
    INFO(key);
    CheckRefused(world, key);
  }
  CheckRefused(world, "");
  CheckRefused(world, std::string(1025, 'k'));
  CheckRefused(world, std::string(1 << 20, 'k'));
}

TEST_CASE("a prefix with || is INVALID_ARGUMENT") {
  const StoreWorld world;
  if (world.runtime.Has("list")) {
    CHECK(world.store.List("a||").status == MECHA_INVALID_ARGUMENT);
  }
}

}  // namespace
}  // namespace conformance
