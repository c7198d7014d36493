// SPDX-License-Identifier: Apache-2.0
// Listing keys by prefix, in pages.
#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include "conformance/test_runtime.h"
#include "support/catch.h"

namespace conformance {
namespace {

using Names = std::vector<std::string>;

bool HasList(const StoreWorld& world) {
  if (world.runtime.Has("list")) {
    return true;
  }
  CHECK(IsRefusal(world.store.List("")));
  return false;
}

TEST_CASE("a list shows the keys with the prefix as the caller wrote them") {
  const StoreWorld world;
  if (!HasList(world)) {
    return;
  }
  for (const char* key : {"order-1", "order-2", "orders", "other", "order"}) {
    REQUIRE(world.store.Set(key, "x").ok());
  }
  CHECK(world.store.Keys("order-") == Names{"order-1", "order-2"});
  CHECK(world.store.Keys("order") == Names{"order", "order-1", "order-2", "orders"});
  CHECK(world.store.Keys("nothing") == Names{});
  CHECK(world.store.Keys("") == Names{"order", "order-1", "order-2", "orders", "other"});
}

TEST_CASE("a list's items have keys and no values") {
  const StoreWorld world;
  if (!HasList(world)) {
    return;
  }
  REQUIRE(world.store.Set("k", "secret").ok());
  const Answer answer = world.store.List("k");
  REQUIRE(answer.items.size() == 1);
  CHECK_FALSE(answer.only().has_value);
  CHECK_FALSE(answer.has_page);
}

TEST_CASE("a deleted key is not listed") {
  const StoreWorld world;
  if (!HasList(world)) {
    return;
  }
  REQUIRE(world.store.Set("a", "x").ok());
  REQUIRE(world.store.Set("b", "x").ok());
  REQUIRE(world.store.Delete("a").ok());
  CHECK(world.store.Keys("") == Names{"b"});
}

TEST_CASE("pages of every size show each key once") {
  const StoreWorld world;
  if (!HasList(world)) {
    return;
  }
  std::vector<Write> writes;
  Names wanted;
  for (int i = 0; i < 250; ++i) {
    wanted.push_back("p" + std::to_string(i));
    writes.push_back(Put(wanted.back(), "x"));
    writes.push_back(Put("q" + std::to_string(i), "x"));
  }
  REQUIRE(world.store.Bulk(writes).ok());
  std::ranges::sort(wanted);
  for (const uint32_t limit : {0u, 1u, 7u, 125u, 250u, 1000u, 5000u}) {
    INFO("limit " << limit);
    CHECK(world.store.Keys("p", limit) == wanted);
  }
  // A page holds no more than asked for; 100 unless told.
  CHECK(world.store.List("p", 7).items.size() <= 7);
  CHECK(world.store.List("p").items.size() <= 100);
}

TEST_CASE("keys that stay are listed while others come and go") {
  const StoreWorld world;
  if (!HasList(world)) {
    return;
  }
  std::vector<Write> writes;
  Names stays;
  for (int i = 0; i < 300; ++i) {
    stays.push_back("p-stays-" + std::to_string(i));
    writes.push_back(Put(stays.back(), "x"));
  }
  REQUIRE(world.store.Bulk(writes).ok());
  std::atomic<bool> is_over = false;
  std::thread writer([&] {
    for (int i = 0; !is_over; ++i) {
      const std::string key = "p-comes-" + std::to_string(i % 50);
      static_cast<void>(i % 3 == 0 ? world.store.Delete(key) : world.store.Set(key, "x"));
    }
  });
  bool has_all = true;
  for (int round = 0; round < 5; ++round) {
    const Names keys = world.store.Keys("p-", 20);
    const std::set<std::string> seen(keys.begin(), keys.end());
    has_all = has_all && std::ranges::all_of(
                             stays, [&](const std::string& key) { return seen.count(key) == 1; });
  }
  is_over = true;
  writer.join();
  CHECK(has_all);
}

TEST_CASE("a prefix is literal: wildcards of any back-end mean themselves") {
  const StoreWorld world;
  if (!HasList(world)) {
    return;
  }
  for (const std::string special : {"*", "?", "[", "]", "[a-z]", "%", "_", "\\", "^", "'", "\""}) {
    REQUIRE(world.store.Set("x" + special + "1", "v").ok());
    REQUIRE(world.store.Set("xa1", "v").ok());
    INFO("special " << special);
    CHECK(world.store.Keys("x" + special) == Names{"x" + special + "1"});
    CHECK(world.store.Keys("x" + special + "1") == Names{"x" + special + "1"});
    REQUIRE(world.store.Delete("x" + special + "1").ok());
  }
}

TEST_CASE("a prefix is compared as bytes, in its own case") {
  const StoreWorld world;
  if (!HasList(world)) {
    return;
  }
  for (const char* key : {"Abc", "abc", "\xC3\xA4-umlaut", "\xC3\xBC-umlaut"}) {
    REQUIRE(world.store.Set(key, "x").ok());
  }
  CHECK(world.store.Keys("A") == Names{"Abc"});
  CHECK(world.store.Keys("\xC3\xA4") == Names{"\xC3\xA4-umlaut"});
}

TEST_CASE("a page token of another store, of another version or of nobody is INVALID_ARGUMENT") {
  const BackEnd back_end;
  RuntimeSetup setup;
  setup.texts = {back_end.Document("neighbour")};
  const TestRuntime runtime(back_end, setup);
  if (!runtime.Has("list")) {
    SUCCEED("the store cannot list");
    return;
  }
  const StateClient store = runtime.store();
  for (int i = 0; i < 50; ++i) {
    REQUIRE(store.Set("k" + std::to_string(i), "x").ok());
  }
  const Answer page = store.List("k", 5);
  REQUIRE(page.has_page);
  CHECK(runtime.store("neighbour").List("k", 5, page.page).status == MECHA_INVALID_ARGUMENT);
  CHECK(store.List("k", 5, "not a token").status == MECHA_INVALID_ARGUMENT);
  std::string changed = page.page;
  changed[0] = static_cast<char>(changed[0] ^ 1);
  CHECK(store.List("k", 5, changed).status == MECHA_INVALID_ARGUMENT);
}

TEST_CASE("a page token is for the same prefix only") {
  const StoreWorld world;
  if (!HasList(world)) {
    return;
  }
  for (int i = 0; i < 20; ++i) {
    REQUIRE(world.store.Set("a" + std::to_string(i), "x").ok());
    REQUIRE(world.store.Set("b" + std::to_string(i), "x").ok());
  }
  const Answer page = world.store.List("b", 5);
  REQUIRE(page.has_page);
  const Answer other = world.store.List("a", 100, page.page);
  // Refused, or at least never a key outside the prefix.
  CHECK((other.ok() || other.status == MECHA_INVALID_ARGUMENT));
  CHECK(
      std::ranges::all_of(other.items, [](const Item& item) { return item.key.starts_with("a"); }));
}

TEST_CASE("keys of other applications are never shown") {
  if (!kHarness.is_shared) {
    SUCCEED("the store belongs to one runtime");
    return;
  }
  const BackEnd back_end;
  RuntimeSetup setup;
  setup.app_id = "app";
  const TestRuntime mine(back_end, setup);
  if (!mine.Has("list")) {
    return;
  }
  setup.app_id = "app2";
  const TestRuntime other(back_end, setup);
  REQUIRE(mine.store().Set("k", "mine").ok());
  REQUIRE(other.store().Set("k", "other's").ok());
  REQUIRE(other.store().Set("k2", "other's").ok());
  CHECK(mine.store().Keys("") == Names{"k"});
  CHECK(other.store().Keys("") == Names{"k", "k2"});
  CHECK(mine.store().Value("k") == "mine");
  CHECK(other.store().Value("k") == "other's");
}

}  // namespace
}  // namespace conformance
