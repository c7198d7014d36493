// SPDX-License-Identifier: Apache-2.0
// CWorld: a started runtime with an in-memory store "store", and short names for its C calls. For
// tests of src/capi.
#pragma once

#include <array>
#include <atomic>
#include <string>
#include <string_view>
#include <vector>

#include "mecha/mecha.h"
#include "support/catch.h"

namespace mecha::test {

inline mecha_view View(std::string_view text) { return {text.data(), text.size()}; }
inline std::string Text(mecha_view view) {
  return {static_cast<const char*>(view.data), view.size};
}

inline constexpr std::string_view kInMemory =
    "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: store\nspec:\n"
    "  type: state.in-memory\n  version: v1\n";

inline mecha_runtime* OpenRuntime(uint32_t flags = 0, std::string_view yaml = kInMemory) {
  const mecha_view text = View(yaml);
  mecha_runtime_options options{};
  options.struct_size = sizeof options;
  options.api_version = MECHA_API_VERSION;
  options.flags = flags;
  options.app_id = View("shop");
  options.resource_texts = &text;
  options.resource_text_count = 1;
  mecha_runtime* runtime = nullptr;
  REQUIRE(mecha_runtime_open(&options, &runtime, nullptr) == MECHA_OK);
  return runtime;
}

inline mecha_call NewCall() {
  mecha_call call{};
  call.struct_size = sizeof call;
  return call;
}

// Counts the runs of a `release` function.
struct Released {
  std::atomic<int> count{0};
  mecha_buf Lend(std::string_view bytes) {
    return {bytes.data(), bytes.size(),
            [](void* self) { static_cast<Released*>(self)->count.fetch_add(1); }, this};
  }
};

class CWorld {
 public:
  explicit CWorld(uint32_t flags = 0, std::string_view yaml = kInMemory)
      : runtime(OpenRuntime(flags, yaml)) {
    REQUIRE(mecha_runtime_start(runtime, nullptr) == MECHA_OK);
  }
  ~CWorld() {
    mecha_runtime_free(runtime);
    mecha_queue_free(queue);
  }
  CWorld(const CWorld&) = delete;
  CWorld& operator=(const CWorld&) = delete;

  void OpenQueue(uint32_t most_inflight = 0) {
    mecha_queue_options options{};
    options.struct_size = sizeof options;
    options.max_inflight = most_inflight;
    REQUIRE(mecha_queue_open(runtime, &options, &queue) == MECHA_OK);
  }
  void OpenCallback(void (*deliver)(void*, const mecha_event*, size_t), void* user,
                    uint32_t flags = 0) {
    mecha_queue_options options{};
    options.struct_size = sizeof options;
    options.flags = flags;
    options.deliver = deliver;
    options.user = user;
    REQUIRE(mecha_queue_open(runtime, &options, &queue) == MECHA_OK);
  }
  mecha_status Set(std::string_view key, std::string_view value, const mecha_call* call = nullptr) {
    return mecha_state_set(runtime, call, View("store"), View(key),
                           {value.data(), value.size(), nullptr, nullptr}, nullptr, nullptr);
  }
  mecha_status Get(std::string_view key, const mecha_call* call = nullptr,
                   mecha_result** out = nullptr) {
    return mecha_state_get(runtime, call, View("store"), View(key), nullptr, out);
  }
  // A get through the queue.
  mecha_status Submit(uint64_t token = 0, mecha_op* op = nullptr, uint32_t flags = 0) {
    mecha_call call = NewCall();
    call.queue = queue;
    call.token = token;
    call.op = op;
    call.flags = flags;
    return Get("k", &call);
  }
  // The events that wait, released but for their other fields.
  std::vector<mecha_event> Poll() {
    std::array<mecha_event, 100> events{};
    const int32_t count = mecha_queue_poll(queue, events.data(), events.size());
    REQUIRE(count >= 0);
    for (int32_t i = 0; i < count; ++i) {
      mecha_result_release(events[i].result);
    }
    return {events.begin(), events.begin() + count};
  }

  mecha_runtime* runtime = nullptr;
  mecha_queue* queue = nullptr;
};

}  // namespace mecha::test
