// SPDX-License-Identifier: Apache-2.0
// mecha_state_apply with `atomic`: all or nothing.
#include "conformance/test_runtime.h"
#include "support/catch.h"

namespace conformance {
namespace {

bool HasTransactions(const StoreWorld& world) {
  if (world.runtime.Has("transaction")) {
    return true;
  }
  CHECK(IsRefusal(world.store.Transact({Put("k", "1")})));
  return false;
}

TEST_CASE("a transaction applies all its writes and returns their etags") {
  const StoreWorld world;
  if (!HasTransactions(world)) {
    return;
  }
  REQUIRE(world.store.Set("old", "x").ok());
  const Answer answer = world.store.Transact({Put("a", "1"), Remove("old"), Put("b", "2")});
  INFO(Words(answer));
  REQUIRE(answer.ok());
  REQUIRE(answer.items.size() == 3);
  CHECK(answer.statuses() == std::vector<mecha_status>{MECHA_OK, MECHA_OK, MECHA_OK});
  CHECK(world.store.Get("a").only().etag == answer.items[0].etag);
  CHECK(answer.items[1].etag.empty());
  CHECK(world.store.Get("b").only().etag == answer.items[2].etag);
  CHECK(world.store.Value("old") == "(absent)");
}

TEST_CASE("the same key twice in a transaction is INVALID_ARGUMENT and writes nothing") {
  const StoreWorld world;
  if (!HasTransactions(world)) {
    return;
  }
  const Answer answer = world.store.Transact({Put("a", "1"), Put("k", "1"), Remove("k")});
  CHECK(answer.status == MECHA_INVALID_ARGUMENT);
  CHECK(answer.has_error);
  CHECK(world.store.Value("a") == "(absent)");
  CHECK(world.store.Value("k") == "(absent)");
}

TEST_CASE("an empty transaction is OK") {
  const StoreWorld world;
  if (!HasTransactions(world)) {
    return;
  }
  const Answer answer = world.store.Transact({});
  CHECK(answer.ok());
  CHECK(answer.items.empty());
}

TEST_CASE("one failing etag rolls everything back, carries the cause and cancels the others") {
  const StoreWorld world;
  if (!HasTransactions(world)) {
    return;
  }
  REQUIRE(world.store.Set("kept", "0").ok());
  REQUIRE(world.store.Set("taken", "0").ok());
  for (const size_t at : {size_t{0}, size_t{1}, size_t{3}}) {
    std::vector<Write> writes = {Put("new", "1"), Remove("kept"), Put("other", "1")};
    writes.insert(writes.begin() + static_cast<ptrdiff_t>(at), Put("taken", "1", IfAbsent()));
    const Answer answer = world.store.Transact(writes);
    INFO("failing write at " << at << ": " << Words(answer));
    CHECK(answer.status == MECHA_ABORTED);
    REQUIRE(answer.items.size() == 4);
    for (size_t i = 0; i < 4; ++i) {
      CHECK(answer.items[i].status == (i == at ? MECHA_ABORTED : MECHA_CANCELLED));
    }
    CHECK(answer.items[at].has_error);
    CHECK(answer.detail("index") == std::to_string(at));
    CHECK_FALSE(answer.is_maybe_applied);
    CHECK(world.store.Value("new") == "(absent)");
    CHECK(world.store.Value("other") == "(absent)");
    CHECK(world.store.Value("kept") == "0");
    CHECK(world.store.Value("taken") == "0");
  }
}

TEST_CASE("a transaction may hold conditions of every kind") {
  const StoreWorld world;
  if (!HasTransactions(world)) {
    return;
  }
  const std::string a = world.store.Set("a", "0").only().etag;
  const std::string b = world.store.Set("b", "0").only().etag;
  const Answer answer =
      world.store.Transact({Put("a", "1", IfMatch(a)), Remove("b", IfMatch(b)),
                            Put("c", "1", IfAbsent()), Put("d", "1"), Remove("never was")});
  INFO(Words(answer));
  REQUIRE(answer.ok());
  CHECK(world.store.Value("a") == "1");
  CHECK(world.store.Value("b") == "(absent)");
  CHECK(world.store.Value("c") == "1");
  CHECK(world.store.Value("d") == "1");
}

void CheckManyWrites(size_t count) {
  const StoreWorld world;
  if (!HasTransactions(world)) {
    return;
  }
  std::vector<Write> writes;
  for (size_t i = 0; i < count; ++i) {
    writes.push_back(Put("k" + std::to_string(i), std::to_string(i)));
  }
  const Answer answer = world.store.Transact(writes);
  INFO(Words(answer));
  REQUIRE(answer.ok());
  REQUIRE(answer.items.size() == count);
  CHECK(world.store.Value("k0") == "0");
  CHECK(world.store.Value("k" + std::to_string(count - 1)) == std::to_string(count - 1));
  // The same once more with a failure at the very end: nothing may stay.
  for (Write& write : writes) {
    write.value = "changed";
  }
  writes.back().options = IfAbsent();
  const Answer failed = world.store.Transact(writes);
  CHECK(failed.status == MECHA_ABORTED);
  REQUIRE(failed.items.size() == count);
  CHECK(failed.items.back().status == MECHA_ABORTED);
  CHECK(failed.items.front().status == MECHA_CANCELLED);
  bool is_untouched = true;
  for (size_t i = 0; i < count; ++i) {
    is_untouched = is_untouched && world.store.Value("k" + std::to_string(i)) == std::to_string(i);
  }
  CHECK(is_untouched);
}

TEST_CASE("a transaction of 10 writes holds together") { CheckManyWrites(10); }

TEST_CASE("a transaction of 1,000 writes holds together") { CheckManyWrites(1000); }

TEST_CASE("a transaction with a bad key or a bad value writes nothing") {
  const StoreWorld world;
  if (!HasTransactions(world)) {
    return;
  }
  CHECK(world.store.Transact({Put("a", "1"), Put("bad||key", "1")}).status ==
        MECHA_INVALID_ARGUMENT);
  CHECK(world.store.Transact({Put("a", "1"), Put("", "1")}).status == MECHA_INVALID_ARGUMENT);
  CHECK(world.store.Transact({Put("a", "1"), Put("json", "{", AsJson())}).status ==
        MECHA_INVALID_ARGUMENT);
  CHECK(world.store.Value("a") == "(absent)");
}

TEST_CASE("a transaction keeps each write's kind and time to live") {
  const StoreWorld world;
  if (!HasTransactions(world)) {
    return;
  }
  std::vector<Write> writes = {Put("json", R"({"a":1})", AsJson()), Put("plain", "text")};
  if (world.runtime.Has("ttl")) {
    writes.push_back(Put("short", "x", WithTtl(1000)));
  }
  const Answer answer = world.store.Transact(writes);
  INFO(Words(answer));
  REQUIRE(answer.ok());
  CHECK(nlohmann::json::parse(world.store.Value("json")) == nlohmann::json({{"a", 1}}));
  CHECK(world.store.Value("plain") == "text");
  CHECK_FALSE(world.store.Get("plain").only().is_json);
}

}  // namespace
}  // namespace conformance
