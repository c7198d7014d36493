// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <chrono>

#include "mecha/mecha.h"
#include "state_concurrent/sides.h"

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

mecha_view ViewOf(std::string_view text) { return {text.data(), text.size()}; }

void CheckResult(const mecha_result* result, bool is_of_get) {
  mecha_item item{};
  item.struct_size = sizeof item;
  mecha_result_item(result, 0, &item);
  if (item.status != MECHA_OK || (is_of_get && item.value.size != kValueBytes)) {
    Fail(mecha_error_message(mecha_result_error(result, MECHA_RESULT_WHOLE)));
  }
}

}  // namespace

struct MechaStore::Opened {
  mecha_runtime* runtime = nullptr;
  mecha_view store = ViewOf("store");
  std::vector<std::string> keys;
};

MechaStore::MechaStore(const std::string& spec) : opened_(std::make_unique<Opened>()) {
  const std::string document =
      "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: store}\nspec:\n" + spec;
  const mecha_view text = ViewOf(document);
  mecha_runtime_options options{};
  options.struct_size = sizeof options;
  options.api_version = MECHA_API_VERSION;
  options.app_id = ViewOf("app");
  options.resource_texts = &text;
  options.resource_text_count = 1;
  mecha_error* error = nullptr;
  if (mecha_runtime_open(&options, &opened_->runtime, &error) != MECHA_OK ||
      mecha_runtime_start(opened_->runtime, &error) != MECHA_OK) {
    Fail(mecha_error_message(error));
  }
  for (size_t i = 0; i < kKeys; ++i) {
    opened_->keys.push_back("key-" + std::to_string(i));
  }
}

MechaStore::~MechaStore() { mecha_runtime_free(opened_->runtime); }

void MechaStore::Set(size_t key, std::string_view value) const {
  if (mecha_state_set(opened_->runtime, nullptr, opened_->store, ViewOf(opened_->keys[key]),
                      {value.data(), value.size(), nullptr, nullptr}, nullptr,
                      nullptr) != MECHA_OK) {
    Fail("mecha: set failed");
  }
}

void MechaStore::Get(size_t turn) const {
  mecha_result* result = nullptr;
  if (mecha_state_get(opened_->runtime, nullptr, opened_->store, ViewOf(opened_->keys[KeyAt(turn)]),
                      nullptr, &result) != MECHA_OK) {
    Fail(mecha_error_message(mecha_result_error(result, MECHA_RESULT_WHOLE)));
  }
  CheckResult(result, true);
  mecha_result_release(result);
}

Rate MechaStore::GetOnQueue(size_t window) const { return RunOnQueue(window, nullptr); }

Rate MechaStore::SetOnQueue(size_t window, std::string_view value) const {
  return RunOnQueue(window, &value);
}

Rate MechaStore::RunOnQueue(size_t window, const std::string_view* value) const {
  mecha_queue* queue = nullptr;
  if (mecha_queue_open(opened_->runtime, nullptr, &queue) != MECHA_OK) {
    Fail("mecha: no queue");
  }
  mecha_call call{};
  call.struct_size = sizeof call;
  call.queue = queue;
  call.flags = MECHA_CALL_BORROW;
  size_t turn = 0;
  size_t in_flight = 0;
  const auto submit = [&] {
    const mecha_view key = ViewOf(opened_->keys[KeyAt(turn++)]);
    const mecha_status status =
        value == nullptr
            ? mecha_state_get(opened_->runtime, &call, opened_->store, key, nullptr, nullptr)
            : mecha_state_set(opened_->runtime, &call, opened_->store, key,
                              {value->data(), value->size(), nullptr, nullptr}, nullptr, nullptr);
    if (status != MECHA_PENDING) {
      Fail("mecha: submit failed");
    }
    ++in_flight;
  };
  const auto begin = Clock::now();
  const auto end = begin + std::chrono::milliseconds(500);
  size_t done = 0;
  std::array<mecha_event, 256> events;
  while (in_flight < window) {
    submit();
  }
  while (in_flight > 0) {
    const int32_t count = mecha_queue_wait(queue, events.data(), events.size(), -1);
    const bool is_over = Clock::now() >= end;
    for (int32_t i = 0; i < count; ++i) {
      CheckResult(events[static_cast<size_t>(i)].result, value == nullptr);
      mecha_result_release(events[static_cast<size_t>(i)].result);
      ++done;
      --in_flight;
      if (!is_over) {
        submit();
      }
    }
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  mecha_queue_free(queue);
  return {static_cast<double>(done) / seconds, 0, 0, 0};
}

}  // namespace bench
