// SPDX-License-Identifier: Apache-2.0
// What suspend, resume, shutdown and a second start do to a store and its data.
#include <atomic>
#include <thread>

#include "conformance/client/event_queue.h"
#include "conformance/test_runtime.h"
#include "support/catch.h"

namespace conformance {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

mecha_status Suspend(const TestRuntime& runtime, uint32_t flags = 0) {
  return mecha_runtime_suspend(runtime.get(), 5 * kSecond, flags, nullptr);
}

TEST_CASE("data survives a suspend and resume, and calls between them are SUSPENDED") {
  const StoreWorld world;
  for (const uint32_t flags : {0u, uint32_t{MECHA_SUSPEND_KEEP_CONNECTIONS}}) {
    REQUIRE(world.store.Set("k", "value").ok());
    REQUIRE(Suspend(world.runtime, flags) == MECHA_OK);
    CHECK(world.store.Get("k").status == MECHA_SUSPENDED);
    CHECK(world.store.Set("k", "other").status == MECHA_SUSPENDED);
    REQUIRE(mecha_runtime_resume(world.runtime.get(), nullptr) == MECHA_OK);
    CHECK(world.store.Value("k") == "value");
    CHECK(world.store.Set("k", "after").ok());
  }
}

TEST_CASE("an etag is still good after a suspend and resume") {
  const StoreWorld world;
  if (!world.runtime.Has("first_write")) {
    SUCCEED("the store lacks it");
    return;
  }
  const std::string etag = world.store.Set("k", "1").only().etag;
  REQUIRE(Suspend(world.runtime) == MECHA_OK);
  REQUIRE(mecha_runtime_resume(world.runtime.get(), nullptr) == MECHA_OK);
  CHECK(world.store.Set("k", "2", IfMatch(etag)).ok());
  CHECK(world.store.Set("k", "3", IfMatch(etag)).status == MECHA_ABORTED);
}

TEST_CASE("writers see only OK or SUSPENDED while the runtime is suspended and resumed") {
  const StoreWorld world;
  std::atomic<bool> is_over = false;
  std::atomic<int> odd = 0;
  std::atomic<int> written = 0;
  std::vector<std::thread> writers;
  for (int thread = 0; thread < 3; ++thread) {
    writers.emplace_back([&, thread] {
      while (!is_over) {
        const mecha_status status = world.store.Set("k" + std::to_string(thread), "v").status;
        written += status == MECHA_OK ? 1 : 0;
        odd += status == MECHA_OK || status == MECHA_SUSPENDED ? 0 : 1;
      }
    });
  }
  bool is_right = true;
  for (int i = 0; i < 10; ++i) {
    const int before = written;
    while (written == before) {
      std::this_thread::yield();
    }
    is_right = is_right && Suspend(world.runtime) == MECHA_OK;
    is_right = is_right && mecha_runtime_resume(world.runtime.get(), nullptr) == MECHA_OK;
  }
  is_over = true;
  for (std::thread& writer : writers) {
    writer.join();
  }
  CHECK(is_right);
  CHECK(odd == 0);
}

TEST_CASE("after a shutdown every call is CLOSED, and finished events can still be taken") {
  const StoreWorld world;
  EventQueue queue(world.runtime.get());
  const mecha_call call = queue.Call(1);
  REQUIRE(world.store.Set("k", "value", {}, &call).status == MECHA_PENDING);
  const mecha_status status = mecha_runtime_shutdown(world.runtime.get(), 5 * kSecond, nullptr);
  CHECK(status == MECHA_OK);
  CHECK(world.store.Get("k").status == MECHA_CLOSED);
  CHECK(mecha_runtime_shutdown(world.runtime.get(), 0, nullptr) == MECHA_CLOSED);
  const std::vector<Event> events = queue.Collect(1);
  REQUIRE(events.size() == 1);
  CHECK(events[0].status == MECHA_OK);
}

TEST_CASE("a second runtime finds what the first one stored, where the store outlives it") {
  const BackEnd back_end;
  {
    const TestRuntime first(back_end);
    REQUIRE(first.store().Set("k", "value").ok());
  }
  const TestRuntime second(back_end);
  CHECK(second.store().Value("k") == (kHarness.is_shared ? "value" : "(absent)"));
}

TEST_CASE("a store works before start no more than after: FAILED_PRECONDITION") {
  const BackEnd back_end;
  const std::string document = back_end.Document("store");
  const mecha_view text = ViewOf(document);
  mecha_runtime_options options{};
  options.struct_size = sizeof options;
  options.api_version = MECHA_API_VERSION;
  options.app_id = ViewOf("app");
  options.resource_texts = &text;
  options.resource_text_count = 1;
  const Metadata named = SettingsOf();
  std::vector<mecha_kv> settings;
  for (const auto& [name, value] : named) {
    settings.push_back({ViewOf(name), ViewOf(value)});
  }
  options.settings = settings.data();
  options.setting_count = settings.size();
  mecha_runtime* runtime = nullptr;
  REQUIRE(mecha_runtime_open(&options, &runtime, nullptr) == MECHA_OK);
  const Answer answer = StateClient(runtime, "store").Get("k");
  CHECK(answer.status == MECHA_FAILED_PRECONDITION);
  REQUIRE(mecha_runtime_start(runtime, nullptr) == MECHA_OK);
  CHECK(mecha_runtime_start(runtime, nullptr) == MECHA_OK);
  CHECK(StateClient(runtime, "store").Get("k").status == MECHA_NOT_FOUND);
  mecha_runtime_free(runtime);
}

TEST_CASE("describe shows the component, its type and its capabilities") {
  const StoreWorld world;
  const nlohmann::json description = world.runtime.Describe();
  const nlohmann::json& component = description.at("components").at(0);
  CHECK(component.at("name") == "store");
  CHECK(component.at("type") == std::string(kHarness.type));
  for (const auto& [name, support] : component.at("capabilities").items()) {
    INFO(name);
    CHECK((support == "none" || support == "emulated" || support == "native"));
  }
}

}  // namespace
}  // namespace conformance
