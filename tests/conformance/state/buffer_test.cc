// SPDX-License-Identifier: Apache-2.0
// Who owns the bytes of an operation, and for how long: copies, BORROW, and `release`.
#include <atomic>
#include <thread>

#include "conformance/client/event_queue.h"
#include "conformance/test_runtime.h"
#include "support/catch.h"

namespace conformance {
namespace {

// A value whose `release` is counted, with the thread it ran on.
struct OwnedValue {
  std::string bytes;
  std::atomic<int> released = 0;
  std::thread::id thread = {};

  explicit OwnedValue(std::string value) : bytes(std::move(value)) {}
  mecha_buf buf() { return {bytes.data(), bytes.size(), &OwnedValue::Release, this}; }

  static void Release(void* context) {
    auto* value = static_cast<OwnedValue*>(context);
    value->thread = std::this_thread::get_id();
    // What comes after the release must not be read any more.
    value->bytes.assign(value->bytes.size(), '!');
    ++value->released;
  }
};

mecha_status SetOwned(const StoreWorld& world, std::string_view key, OwnedValue& value,
                      const mecha_call* call) {
  return mecha_state_set(world.runtime.get(), call, ViewOf("store"), ViewOf(key), value.buf(),
                         nullptr, nullptr);
}

TEST_CASE("a blocking set releases its value once, on the caller's thread, before it returns") {
  const StoreWorld world;
  OwnedValue value("owned");
  REQUIRE(SetOwned(world, "k", value, nullptr) == MECHA_OK);
  CHECK(value.released == 1);
  CHECK(value.thread == std::this_thread::get_id());
  CHECK(world.store.Value("k") == "owned");
}

TEST_CASE("a value is released once also when the set is refused") {
  const StoreWorld world;
  OwnedValue bad_key("owned");
  CHECK(SetOwned(world, "a||b", bad_key, nullptr) == MECHA_INVALID_ARGUMENT);
  CHECK(bad_key.released == 1);
  OwnedValue no_store("owned");
  CHECK(mecha_state_set(world.runtime.get(), nullptr, ViewOf("nobody"), ViewOf("k"), no_store.buf(),
                        nullptr, nullptr) == MECHA_NOT_FOUND);
  CHECK(no_store.released == 1);
  OwnedValue no_runtime("owned");
  CHECK(mecha_state_set(nullptr, nullptr, ViewOf("store"), ViewOf("k"), no_runtime.buf(), nullptr,
                        nullptr) == MECHA_INVALID_ARGUMENT);
  CHECK(no_runtime.released == 1);
}

TEST_CASE("a queued set releases its value once, on the thread that polls") {
  const StoreWorld world;
  EventQueue queue(world.runtime.get());
  OwnedValue value("owned");
  const mecha_call call = queue.Call(1);
  REQUIRE(SetOwned(world, "k", value, &call) == MECHA_PENDING);
  REQUIRE(queue.Collect(1).size() == 1);
  CHECK(value.released == 1);
  CHECK(value.thread == std::this_thread::get_id());
  CHECK(world.store.Value("k") == "owned");
}

TEST_CASE("a queued set that is refused releases its value once") {
  const StoreWorld world;
  EventQueue queue(world.runtime.get());
  OwnedValue value("owned");
  const mecha_call call = queue.Call(1);
  if (SetOwned(world, "a||b", value, &call) == MECHA_PENDING) {
    REQUIRE(queue.Collect(1).size() == 1);
  }
  CHECK(value.released == 1);
  CHECK(value.thread == std::this_thread::get_id());
}

TEST_CASE("an apply releases every value once") {
  const StoreWorld world;
  for (const bool is_queued : {false, true}) {
    EventQueue queue(world.runtime.get());
    OwnedValue first("one");
    OwnedValue second("two");
    mecha_state_op ops[2] = {};
    ops[0].kind = ops[1].kind = MECHA_STATE_SET;
    ops[0].key = ViewOf("a");
    ops[1].key = ViewOf("b");
    ops[0].value = first.buf();
    ops[1].value = second.buf();
    const mecha_call call = queue.Call(1);
    const mecha_status status = mecha_state_apply(world.runtime.get(), is_queued ? &call : nullptr,
                                                  ViewOf("store"), ops, 2, nullptr, nullptr);
    REQUIRE(status == (is_queued ? MECHA_PENDING : MECHA_OK));
    if (is_queued) {
      REQUIRE(queue.Collect(1).size() == 1);
    }
    CHECK(first.released == 1);
    CHECK(second.released == 1);
    CHECK(world.store.Value("a") == "one");
    CHECK(world.store.Value("b") == "two");
  }
}

TEST_CASE("a value whose queue is freed is released once, where the queue is freed") {
  OwnedValue value("owned");
  {
    const StoreWorld world;
    {
      EventQueue queue(world.runtime.get());
      const mecha_call call = queue.Call(1);
      REQUIRE(SetOwned(world, "k", value, &call) == MECHA_PENDING);
    }
    CHECK(value.released == 1);
    CHECK(value.thread == std::this_thread::get_id());
    // Whether the write was under way when the queue went is open; torn it is not.
    const std::string stored = world.store.Value("k");
    CHECK((stored == "owned" || stored == "(absent)"));
  }
  CHECK(value.released == 1);
}

TEST_CASE("without BORROW the inputs may change as soon as the call has returned") {
  const StoreWorld world;
  EventQueue queue(world.runtime.get());
  for (uint64_t i = 0; i < 100; ++i) {
    std::string key = "key" + std::to_string(i);
    std::string value = "value" + std::to_string(i);
    WriteOptions options;
    options.content_type = "text/plain";
    const mecha_call call = queue.Call(i);
    REQUIRE(world.store.Set(key, value, options, &call).status == MECHA_PENDING);
    key.assign(key.size(), '#');
    value.assign(value.size(), '#');
  }
  CHECK(queue.Collect(100).size() == 100);
  for (int i = 0; i < 100; ++i) {
    REQUIRE(world.store.Value("key" + std::to_string(i)) == "value" + std::to_string(i));
  }
}

TEST_CASE("with BORROW the inputs are read until the event") {
  const StoreWorld world;
  EventQueue queue(world.runtime.get());
  std::vector<std::string> keys;
  std::vector<std::string> values;
  for (int i = 0; i < 100; ++i) {
    keys.push_back("key" + std::to_string(i));
    values.push_back(std::string(2000, static_cast<char>('a' + i % 26)));
  }
  for (size_t i = 0; i < 100; ++i) {
    mecha_call call = queue.Call(i);
    call.flags = MECHA_CALL_BORROW;
    REQUIRE(mecha_state_set(world.runtime.get(), &call, ViewOf("store"), ViewOf(keys[i]),
                            {values[i].data(), values[i].size(), nullptr, nullptr}, nullptr,
                            nullptr) == MECHA_PENDING);
  }
  CHECK(queue.Collect(100).size() == 100);
  for (size_t i = 0; i < 100; ++i) {
    REQUIRE((world.store.Value(keys[i]) == values[i]));
  }
}

TEST_CASE("a result is read and released after its runtime is gone") {
  mecha_result* result = nullptr;
  {
    const StoreWorld world;
    REQUIRE(world.store.Set("k", "value").ok());
    REQUIRE(mecha_state_get(world.runtime.get(), nullptr, ViewOf("store"), ViewOf("k"), nullptr,
                            &result) == MECHA_OK);
  }
  mecha_result* again = mecha_result_retain(result);
  mecha_result_release(result);
  CHECK(TakeAnswer(MECHA_OK, again).only().value == "value");
}

}  // namespace
}  // namespace conformance
