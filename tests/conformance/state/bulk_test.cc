// SPDX-License-Identifier: Apache-2.0
// Several keys in one call, each ending by itself.
#include "conformance/test_runtime.h"
#include "support/catch.h"

namespace conformance {
namespace {

TEST_CASE("get_many answers in the order asked, with repeats and absent keys") {
  const StoreWorld world;
  REQUIRE(world.store.Set("a", "1").ok());
  REQUIRE(world.store.Set("b", "2").ok());
  const Answer answer = world.store.GetMany({"b", "absent", "a", "b"});
  INFO(Words(answer));
  REQUIRE(answer.ok());
  REQUIRE(answer.items.size() == 4);
  CHECK(answer.statuses() ==
        std::vector<mecha_status>{MECHA_OK, MECHA_NOT_FOUND, MECHA_OK, MECHA_OK});
  CHECK(answer.items[0].value == "2");
  CHECK(answer.items[1].key == "absent");
  CHECK_FALSE(answer.items[1].has_error);
  CHECK(answer.items[2].value == "1");
  CHECK(answer.items[3].value == "2");
  CHECK(answer.items[3].key == "b");
  CHECK(answer.items[3].etag == answer.items[0].etag);
}

TEST_CASE("get_many of nothing is OK and empty") {
  const StoreWorld world;
  const Answer answer = world.store.GetMany({});
  CHECK(answer.ok());
  CHECK(answer.items.empty());
}

TEST_CASE("get_many of only absent keys is OK") {
  const StoreWorld world;
  const Answer answer = world.store.GetMany({"x", "y"});
  CHECK(answer.ok());
  CHECK(answer.statuses() == std::vector<mecha_status>{MECHA_NOT_FOUND, MECHA_NOT_FOUND});
}

TEST_CASE("get_many reads a thousand keys") {
  const StoreWorld world;
  std::vector<Write> writes;
  std::vector<std::string> keys;
  for (int i = 0; i < 1000; ++i) {
    keys.push_back("k" + std::to_string(i));
    writes.push_back(Put(keys.back(), std::to_string(i)));
  }
  REQUIRE(world.store.Bulk(writes).ok());
  const Answer answer = world.store.GetMany(keys);
  REQUIRE(answer.items.size() == 1000);
  bool is_right = true;
  for (int i = 0; i < 1000; ++i) {
    is_right = is_right && answer.items[static_cast<size_t>(i)].value == std::to_string(i);
  }
  CHECK(is_right);
}

TEST_CASE("a bulk apply sets and deletes, and returns the new etags") {
  const StoreWorld world;
  REQUIRE(world.store.Set("old", "x").ok());
  const Answer answer = world.store.Bulk({Put("a", "1"), Remove("old"), Put("b", "2")});
  INFO(Words(answer));
  REQUIRE(answer.ok());
  REQUIRE(answer.items.size() == 3);
  CHECK(answer.items[0].etag == world.store.Get("a").only().etag);
  CHECK(answer.items[1].etag.empty());
  CHECK(answer.items[2].etag == world.store.Get("b").only().etag);
  CHECK(world.store.Value("old") == "(absent)");
}

TEST_CASE("a bulk apply of which some fail is PARTIAL, and each item tells") {
  const StoreWorld world;
  if (!world.runtime.Has("first_write")) {
    SUCCEED("the store has no first-write");
    return;
  }
  REQUIRE(world.store.Set("taken", "x").ok());
  const Answer answer =
      world.store.Bulk({Put("a", "1"), Put("taken", "y", IfAbsent()), Put("b", "2")});
  CHECK(answer.status == MECHA_PARTIAL);
  REQUIRE(answer.items.size() == 3);
  CHECK(answer.statuses() == std::vector<mecha_status>{MECHA_OK, MECHA_ABORTED, MECHA_OK});
  CHECK(answer.items[1].has_error);
  CHECK_FALSE(answer.items[1].error.empty());
  CHECK_FALSE(answer.items[0].has_error);
  CHECK(world.store.Value("a") == "1");
  CHECK(world.store.Value("taken") == "x");
  CHECK(world.store.Value("b") == "2");
}

TEST_CASE("a bulk apply of nothing is OK and empty") {
  const StoreWorld world;
  const Answer answer = world.store.Bulk({});
  CHECK(answer.ok());
  CHECK(answer.items.empty());
}

TEST_CASE("a key that comes twice in a bulk apply is written twice, in order") {
  const StoreWorld world;
  const Answer answer = world.store.Bulk({Put("k", "1"), Remove("k"), Put("k", "3")});
  REQUIRE(answer.ok());
  CHECK(world.store.Value("k") == "3");
}

TEST_CASE("a bad key in a bulk apply does not hinder its neighbours") {
  const StoreWorld world;
  const Answer answer = world.store.Bulk({Put("a", "1"), Put("bad||key", "2"), Put("c", "3")});
  // Refusing the whole before anything was written is as good as refusing the item.
  if (answer.status == MECHA_PARTIAL) {
    CHECK(answer.statuses() ==
          std::vector<mecha_status>{MECHA_OK, MECHA_INVALID_ARGUMENT, MECHA_OK});
    CHECK(world.store.Value("a") == "1");
    CHECK(world.store.Value("c") == "3");
  } else {
    CHECK(answer.status == MECHA_INVALID_ARGUMENT);
    CHECK(world.store.Value("a") == "(absent)");
    CHECK(world.store.Value("c") == "(absent)");
  }
}

}  // namespace
}  // namespace conformance
