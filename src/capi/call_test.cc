// SPDX-License-Identifier: Apache-2.0
// What every call of the C interface checks, and reading results, on state.in-memory.
#include "mecha/result.h"

#include "support/c_world.h"

namespace mecha {
namespace {

using test::CWorld;
using test::NewCall;
using test::Text;
using test::View;

mecha_item ItemOf(const mecha_result* result, size_t index = 0) {
  mecha_item item{};
  item.struct_size = sizeof item;
  REQUIRE(mecha_result_item(result, index, &item) == MECHA_OK);
  return item;
}

TEST_CASE("a call on behalf of a request that is not open is GONE") {
  CWorld world;
  mecha_call call = NewCall();
  call.within = 5;
  CHECK(world.Get("k", &call) == MECHA_GONE);
}

TEST_CASE("unknown flags, and NULL with a size, are refused") {
  CWorld world;
  mecha_call call = NewCall();
  call.flags = MECHA_CALL_ONE_WAY;
  CHECK(world.Get("k", &call) == MECHA_INVALID_ARGUMENT);
  call = NewCall();
  call.metadata_count = 1;
  CHECK(world.Get("k", &call) == MECHA_INVALID_ARGUMENT);
  call = NewCall();
  call.traceparent = {nullptr, 9};
  CHECK(world.Get("k", &call) == MECHA_INVALID_ARGUMENT);
  CHECK(mecha_state_get(world.runtime, nullptr, View("store"), {nullptr, 3}, nullptr, nullptr) ==
        MECHA_INVALID_ARGUMENT);
  CHECK(mecha_state_get(world.runtime, nullptr, {nullptr, 3}, View("k"), nullptr, nullptr) ==
        MECHA_INVALID_ARGUMENT);
}

// A mecha_call of a later version.
struct LaterCall {
  mecha_call call;
  uint64_t added;
};

TEST_CASE("a larger struct is read if its tail is zero, else it is VERSION") {
  CWorld world;
  LaterCall later{};
  later.call.struct_size = sizeof later;
  CHECK(world.Get("k", &later.call) == MECHA_NOT_FOUND);
  later.added = 1;
  CHECK(world.Get("k", &later.call) == MECHA_VERSION);
  later.call.struct_size = 0;
  CHECK(world.Get("k", &later.call) == MECHA_INVALID_ARGUMENT);
  later.call.struct_size = 1u << 30;
  CHECK(world.Get("k", &later.call) == MECHA_VERSION);
}

TEST_CASE("a smaller struct reads as if the rest were zero") {
  CWorld world;
  mecha_call call = NewCall();
  call.struct_size = offsetof(mecha_call, within);
  call.within = 5;  // beyond what the caller knows
  CHECK(world.Get("k", &call) == MECHA_NOT_FOUND);
}

TEST_CASE("a future api_version is VERSION, and none is refused") {
  mecha_runtime_options options{};
  options.struct_size = sizeof options;
  mecha_runtime* runtime = nullptr;
  mecha_error* error = nullptr;
  CHECK(mecha_runtime_open(&options, &runtime, &error) == MECHA_INVALID_ARGUMENT);
  CHECK(runtime == nullptr);
  REQUIRE(error != nullptr);
  CHECK(mecha_error_status(error) == MECHA_INVALID_ARGUMENT);
  mecha_error_free(error);
  options.api_version = MECHA_API_VERSION + 1;
  CHECK(mecha_runtime_open(&options, &runtime, nullptr) == MECHA_VERSION);
  CHECK(mecha_runtime_open(nullptr, &runtime, nullptr) == MECHA_INVALID_ARGUMENT);
  CHECK(mecha_runtime_open(&options, nullptr, nullptr) == MECHA_INVALID_ARGUMENT);
}

TEST_CASE("a written value comes back with its etag, and the result tells what it holds") {
  CWorld world;
  mecha_result* written = nullptr;
  REQUIRE(mecha_state_set(world.runtime, nullptr, View("store"), View("k"),
                          {"value", 5, nullptr, nullptr}, nullptr, &written) == MECHA_OK);
  mecha_result* read = nullptr;
  REQUIRE(world.Get("k", nullptr, &read) == MECHA_OK);
  const mecha_item item = ItemOf(read);
  CHECK(Text(item.key) == "k");
  CHECK(Text(item.value) == "value");
  CHECK(Text(item.etag) == Text(ItemOf(written).etag));
  CHECK(item.etag.size > 0);
  CHECK(item.status == MECHA_OK);
  mecha_result_info info{};
  info.struct_size = sizeof info;
  REQUIRE(mecha_result_read(read, &info) == MECHA_OK);
  CHECK(info.count == 1);
  CHECK(info.status == MECHA_OK);
  CHECK(info.number == 1);
  CHECK(info.page.data == nullptr);
  mecha_item other{};
  other.struct_size = sizeof other;
  CHECK(mecha_result_item(read, 1, &other) == MECHA_OUT_OF_RANGE);
  other.struct_size = 0;
  CHECK(mecha_result_item(read, 0, &other) == MECHA_INVALID_ARGUMENT);
  mecha_result_release(read);
  mecha_result_release(written);
}

TEST_CASE("a result is freed by its last owner and reads the same for each") {
  CWorld world;
  REQUIRE(world.Set("k", "value") == MECHA_OK);
  mecha_result* result = nullptr;
  REQUIRE(world.Get("k", nullptr, &result) == MECHA_OK);
  CHECK(mecha_result_retain(result) == result);
  mecha_result_release(result);
  REQUIRE(world.Set("k", "other") == MECHA_OK);
  CHECK(Text(ItemOf(result).value) == "value");
  mecha_result_release(result);
  mecha_result_release(nullptr);
  CHECK(mecha_result_retain(nullptr) == nullptr);
}

TEST_CASE("an unknown store is NOT_FOUND with an error that names the known ones") {
  CWorld world;
  mecha_result* result = nullptr;
  REQUIRE(mecha_state_get(world.runtime, nullptr, View("stor"), View("k"), nullptr, &result) ==
          MECHA_NOT_FOUND);
  const mecha_error* error = mecha_result_error(result, MECHA_RESULT_WHOLE);
  REQUIRE(error != nullptr);
  CHECK(std::string(mecha_error_message(error)).find("store") != std::string::npos);
  CHECK(mecha_error_status(error) == MECHA_NOT_FOUND);
  CHECK(mecha_error_detail(error, "no such part").data == nullptr);
  CHECK(mecha_error_retryable(error) == MECHA_RETRYABLE_NO);
  mecha_result_release(result);
}

TEST_CASE("an error says which component, operation and file, and whether it was applied") {
  CWorld world;
  REQUIRE(world.Set("k", "value") == MECHA_OK);
  mecha_state_set_options options{};
  options.struct_size = sizeof options;
  options.flags = MECHA_STATE_FIRST_WRITE;
  mecha_result* result = nullptr;
  REQUIRE(mecha_state_set(world.runtime, nullptr, View("store"), View("k"),
                          {"x", 1, nullptr, nullptr}, &options, &result) == MECHA_ABORTED);
  const mecha_error* error = mecha_result_error(result, MECHA_RESULT_WHOLE);
  REQUIRE(error != nullptr);
  CHECK(Text(mecha_error_detail(error, "component")) == "store");
  CHECK(Text(mecha_error_detail(error, "type")) == "state.in-memory");
  CHECK(Text(mecha_error_detail(error, "operation")) == "set");
  CHECK(Text(mecha_error_detail(error, "file")) == "text 1");
  CHECK(Text(mecha_error_detail(error, "applied")) == "no");
  mecha_result_release(result);
}

// A lazy start that cannot open its file, and cannot be repaired.
struct BrokenWorld {
  BrokenWorld() {
    const std::string yaml =
        "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: store}\n"
        "spec:\n  type: state.sqlite\n  version: v1\n"
        "  metadata: [{name: connectionString, value: /dev/null/state.db}]\n";
    const mecha_view text = View(yaml);
    const mecha_kv lazy{View("start"), View("lazy")};
    mecha_runtime_options options{};
    options.struct_size = sizeof options;
    options.api_version = MECHA_API_VERSION;
    options.app_id = View("shop");
    options.resource_texts = &text;
    options.resource_text_count = 1;
    options.settings = &lazy;
    options.setting_count = 1;
    REQUIRE(mecha_runtime_open(&options, &runtime, nullptr) == MECHA_OK);
    REQUIRE(mecha_runtime_start(runtime, nullptr) == MECHA_OK);
  }
  ~BrokenWorld() { mecha_runtime_free(runtime); }
  mecha_runtime* runtime = nullptr;
};

void CheckItNamesTheStore(mecha_result* result) {
  const mecha_error* error = mecha_result_error(result, MECHA_RESULT_WHOLE);
  REQUIRE(error != nullptr);
  CHECK(Text(mecha_error_detail(error, "component")) == "store");
  CHECK(Text(mecha_error_detail(error, "type")) == "state.sqlite");
  CHECK(Text(mecha_error_detail(error, "file")) == "text 1");
  CHECK(Text(mecha_error_detail(error, "line")) == "1");
  CHECK(mecha_error_retryable(error) == MECHA_RETRYABLE_SAFE);
  mecha_result_release(result);
}

TEST_CASE("the error of a component that is broken names it, before there is an operation") {
  const BrokenWorld world;
  const mecha_view key = View("k");
  mecha_result* result = nullptr;
  CHECK(mecha_state_get(world.runtime, nullptr, View("store"), key, nullptr, &result) ==
        MECHA_UNAVAILABLE);
  CheckItNamesTheStore(result);
  CHECK(mecha_state_set(world.runtime, nullptr, View("store"), key, {}, nullptr, &result) ==
        MECHA_UNAVAILABLE);
  CheckItNamesTheStore(result);
  CHECK(mecha_state_get_many(world.runtime, nullptr, View("store"), &key, 1, nullptr, &result) ==
        MECHA_UNAVAILABLE);
  CheckItNamesTheStore(result);
  CHECK(mecha_component_ping(world.runtime, nullptr, View("store"), &result) == MECHA_UNAVAILABLE);
  CheckItNamesTheStore(result);
  CHECK(mecha_state_get(world.runtime, nullptr, {nullptr, 5}, key, nullptr, &result) ==
        MECHA_INVALID_ARGUMENT);
  const mecha_error* error = mecha_result_error(result, MECHA_RESULT_WHOLE);
  CHECK(mecha_error_detail(error, "component").data == nullptr);
  mecha_result_release(result);
}

TEST_CASE("ping answers, and refuses an unknown name and a queue") {
  CWorld world;
  CHECK(mecha_component_ping(world.runtime, nullptr, View("store"), nullptr) == MECHA_OK);
  CHECK(mecha_component_ping(world.runtime, nullptr, View("none"), nullptr) == MECHA_NOT_FOUND);
  world.OpenQueue();
  mecha_call call = NewCall();
  call.queue = world.queue;
  CHECK(mecha_component_ping(world.runtime, &call, View("store"), nullptr) == MECHA_UNIMPLEMENTED);
}

TEST_CASE("calls before the start and NULL handles are refused") {
  mecha_runtime* runtime = test::OpenRuntime();
  CHECK(mecha_state_get(runtime, nullptr, View("store"), View("k"), nullptr, nullptr) ==
        MECHA_FAILED_PRECONDITION);
  mecha_runtime_free(runtime);
  mecha_runtime_free(nullptr);
  mecha_queue_free(nullptr);
  CHECK(mecha_runtime_start(nullptr, nullptr) == MECHA_INVALID_ARGUMENT);
  CHECK(mecha_queue_poll(nullptr, nullptr, 0) == MECHA_INVALID_ARGUMENT);
  CHECK(mecha_queue_fd(nullptr) == -1);
  CHECK(mecha_result_read(nullptr, nullptr) == MECHA_INVALID_ARGUMENT);
}

TEST_CASE("a runtime without lent threads refuses to run, and one with has a descriptor") {
  CWorld own;
  CHECK(mecha_runtime_run(own.runtime, 0) == MECHA_FAILED_PRECONDITION);
  CHECK(mecha_runtime_fd(own.runtime) == -1);
  CWorld lent(MECHA_OPEN_HOST_THREADS);
  CHECK(mecha_runtime_fd(lent.runtime) >= 0);
  CHECK(mecha_runtime_run(lent.runtime, 0) == 0);
}

TEST_CASE("suspend and shutdown report as JSON, and suspend refuses unknown flags") {
  CWorld world;
  mecha_result* report = nullptr;
  CHECK(mecha_runtime_suspend(world.runtime, 0, 8, &report) == MECHA_INVALID_ARGUMENT);
  CHECK(report == nullptr);
  REQUIRE(mecha_runtime_suspend(world.runtime, 0, 0, &report) == MECHA_OK);
  CHECK(Text(ItemOf(report).value).find("\"abandoned\":0") != std::string::npos);
  mecha_result_release(report);
  REQUIRE(mecha_runtime_resume(world.runtime, nullptr) == MECHA_OK);
  REQUIRE(mecha_runtime_shutdown(world.runtime, 0, &report) == MECHA_OK);
  CHECK(Text(ItemOf(report).value).find("\"finished\":0") != std::string::npos);
  mecha_result_release(report);
}

TEST_CASE("moving the clock lets values expire, and not back") {
  CWorld world;
  mecha_state_set_options options{};
  options.struct_size = sizeof options;
  options.ttl_ms = 1000;
  REQUIRE(mecha_state_set(world.runtime, nullptr, View("store"), View("k"),
                          {"x", 1, nullptr, nullptr}, &options, nullptr) == MECHA_OK);
  CHECK(world.Get("k") == MECHA_OK);
  CHECK(mecha_clock_advance(world.runtime, -1) == MECHA_INVALID_ARGUMENT);
  CHECK(mecha_clock_advance(world.runtime, 1'000'000'001) == MECHA_OK);
  CHECK(world.Get("k") == MECHA_NOT_FOUND);
}

}  // namespace
}  // namespace mecha
