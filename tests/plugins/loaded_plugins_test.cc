// SPDX-License-Identifier: Apache-2.0
// Plug-ins as a host meets them: through the C interface and the setting `plugins`. Most of these
// are wrong in one way; tests/plugins/bad_store.c says in which.
#include <dlfcn.h>

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "mecha/mecha.h"
#include "modules/opened_runtime.h"
#include "support/catch.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kMillisecond = 1'000'000;

std::string FileOf(std::string_view name) { return PLUGINS "/" + std::string(name) + ".so"; }

// A document of the bad plug-in: what its functions do wrong; `more` ends the type's name.
std::string Bad(const std::string& init, const std::string& get, const std::string& more = {},
                const std::string& write = {}) {
  return "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: store}\nspec:\n"
         "  type: state.bad" +
         more + "\n  version: v1\n  initTimeout: 200ms\n  metadata:\n    - {name: init, value: \"" +
         init + "\"}\n    - {name: get, value: \"" + get + "\"}\n    - {name: write, value: \"" +
         write + "\"}\n";
}

class OpenedRuntime : public mecha::test::OpenedRuntime {
 public:
  OpenedRuntime(const std::string& plugins, const std::string& document)
      : mecha::test::OpenedRuntime("plugins", plugins, document) {}
  OpenedRuntime(const OpenedRuntime&) = delete;
  OpenedRuntime& operator=(const OpenedRuntime&) = delete;
  ~OpenedRuntime() { Free(); }

  void Free() {
    mecha_runtime_free(runtime);
    runtime = nullptr;
    mecha_queue_free(queue);
    queue = nullptr;
  }
  // A blocking get; `last_error` has its words.
  mecha_status Get(int64_t timeout_ns = 0) {
    mecha_call call{};
    call.struct_size = sizeof call;
    call.timeout_ns = timeout_ns;
    mecha_result* result = nullptr;
    const mecha_status got =
        mecha_state_get(runtime, &call, View("store"), View("k"), nullptr, &result);
    return Note(got, result);
  }
  // A blocking set.
  mecha_status Set() {
    mecha_buf value{};
    value.data = "v";
    value.size = 1;
    mecha_result* result = nullptr;
    const mecha_status set =
        mecha_state_set(runtime, nullptr, View("store"), View("k"), value, nullptr, &result);
    return Note(set, result);
  }
  mecha_op Submit(int64_t timeout_ns) {
    if (queue == nullptr) {
      REQUIRE(mecha_queue_open(runtime, nullptr, &queue) == MECHA_OK);
    }
    mecha_op op = 0;
    mecha_call call{};
    call.struct_size = sizeof call;
    call.timeout_ns = timeout_ns;
    call.queue = queue;
    call.op = &op;
    REQUIRE(mecha_state_get(runtime, &call, View("store"), View("k"), nullptr, nullptr) ==
            MECHA_PENDING);
    return op;
  }
  // How the next operation of the queue ended.
  mecha_status Await() {
    mecha_event event{};
    if (mecha_queue_wait(queue, &event, 1, 10'000 * kMillisecond) != 1) {
      return MECHA_UNKNOWN;
    }
    mecha_result_release(event.result);
    return event.status;
  }
  // Keeps what the result says of its failure.
  mecha_status Note(mecha_status status_of_call, mecha_result* result) {
    const mecha_error* error = mecha_result_error(result, MECHA_RESULT_WHOLE);
    last_error = mecha_error_message(error);
    const mecha_view detail = mecha_error_detail(error, "applied");
    applied.assign(static_cast<const char*>(detail.data), detail.data == nullptr ? 0 : detail.size);
    mecha_result_release(result);
    return status_of_call;
  }

  mecha_queue* queue = nullptr;
  std::string last_error;
  std::string applied;
};

// Lets the completion that the plug-in has kept happen, in its own thread. What the plug-in was
// told of its task just before.
mecha_status ReleaseLateCompletion() {
  void* handle = dlopen(FileOf("bad_store").c_str(), RTLD_NOW | RTLD_LOCAL);
  REQUIRE((handle != nullptr));
  return reinterpret_cast<mecha_status (*)()>(dlsym(handle, "bad_store_release"))();
}

TEST_CASE("a plug-in that is missing, or is none, fails the open with its file") {
  for (const auto& [file, words] : std::vector<std::pair<std::string, std::string>>{
           {"/nowhere/x.so", "plug-in /nowhere/x.so is not there"},
           {PLUGINS, "is not a regular file"},
           {FileOf("no_entry"), "does not export mecha_plugin_entry"},
           {FileOf("refuses"), "refuses this library, Mecha 0.1.0"},
           {FileOf("no_types"), "has no component types"},
           {PLUGINS "/CTestTestfile.cmake", "cannot be loaded"}}) {
    const OpenedRuntime opened(file, "");
    INFO(opened.message);
    CHECK(opened.status == MECHA_FAILED_PRECONDITION);
    CHECK(opened.Says(words));
    CHECK(opened.Says(file));
  }
}

TEST_CASE("a plug-in of another version is told with both versions and the file") {
  const OpenedRuntime opened(FileOf("other_version"), "");
  INFO(opened.message);
  CHECK(opened.status == MECHA_FAILED_PRECONDITION);
  CHECK(opened.Says(FileOf("other_version")));
  CHECK(opened.Says("speaks version 4711 of the plug-in interface"));
  CHECK(opened.Says("Mecha 0.1.0, version 1"));
}

TEST_CASE("a plug-in named twice is refused, for its types are there already") {
  const OpenedRuntime opened(FileOf("bad_store") + ":" + FileOf("bad_store"), "");
  INFO(opened.message);
  CHECK(opened.status == MECHA_FAILED_PRECONDITION);
  CHECK(opened.Says("state.bad v1"));
  CHECK(opened.Says("registered already"));
}

TEST_CASE("the setting takes absolute paths only") {
  for (const std::string plugins : {"x.so", "/x.so:", "/x.so:y.so", ""}) {
    const OpenedRuntime opened(plugins, "");
    CHECK(opened.status == MECHA_INVALID_ARGUMENT);
    CHECK(opened.Says("plugins"));
  }
}

TEST_CASE("a type of a plug-in is a type like any other, and describe tells where it is from") {
  OpenedRuntime opened(FileOf("bad_store"), Bad("", ""));
  INFO(opened.message);
  REQUIRE(opened.status == MECHA_OK);
  CHECK(opened.Get() == MECHA_NOT_FOUND);
  CHECK(opened.Describe().find("\"module\":\"" + FileOf("bad_store")) != std::string::npos);
  CHECK(opened.Describe().find("\"transaction\":\"none\"") != std::string::npos);
}

TEST_CASE("an init that fails says what the plug-in said") {
  const OpenedRuntime opened(FileOf("bad_store"), Bad("fails", ""));
  CHECK(opened.status == MECHA_UNAUTHENTICATED);
  CHECK(opened.Says("\"store\" (state.bad): the lamp is off. Switch it on"));
}

TEST_CASE("an init that never completes ends at the initTimeout, one without memory at once") {
  const OpenedRuntime never(FileOf("bad_store"), Bad("never", ""));
  INFO(never.message);
  CHECK(never.status == MECHA_DEADLINE_EXCEEDED);
  const OpenedRuntime no_memory(FileOf("bad_store"), Bad("no-memory", ""));
  INFO(no_memory.message);
  CHECK(no_memory.status == MECHA_NO_MEMORY);
}

TEST_CASE("a task that is completed twice counts once, and describe warns") {
  OpenedRuntime opened(FileOf("bad_store"), Bad("", "twice"));
  CHECK(opened.Get() == MECHA_NOT_FOUND);
  CHECK(opened.Get() == MECHA_NOT_FOUND);
  opened.Submit(0);
  CHECK(opened.Await() == MECHA_NOT_FOUND);
  const std::string description = opened.Describe();
  INFO(description);
  CHECK(description.find("the plug-in bad_store completed a task that is not open, so twice") !=
        std::string::npos);
  CHECK(description.find("\"count\":6") != std::string::npos);
}

TEST_CASE("a task that is never completed ends at the deadline, blocking or with a queue") {
  OpenedRuntime opened(FileOf("bad_store"), Bad("", "never"));
  CHECK(opened.Get(30 * kMillisecond) == MECHA_DEADLINE_EXCEEDED);
  opened.Submit(30 * kMillisecond);
  CHECK(opened.Await() == MECHA_DEADLINE_EXCEEDED);
}

TEST_CASE("a task that is never completed ends with a cancel") {
  OpenedRuntime opened(FileOf("bad_store"), Bad("", "never"));
  const mecha_op op = opened.Submit(-1);
  CHECK(mecha_runtime_cancel(opened.runtime, op) == MECHA_OK);
  CHECK(opened.Await() == MECHA_CANCELLED);
}

TEST_CASE("a suspend and a shutdown end what is never completed, and warn of it") {
  OpenedRuntime opened(FileOf("bad_store"), Bad("", "never"));
  opened.Submit(-1);
  REQUIRE(mecha_runtime_suspend(opened.runtime, 10 * kMillisecond, 0, nullptr) == MECHA_OK);
  CHECK(opened.Await() == MECHA_SUSPENDED);
  REQUIRE(mecha_runtime_resume(opened.runtime, nullptr) == MECHA_OK);
  opened.Submit(-1);
  CHECK(mecha_runtime_shutdown(opened.runtime, 10 * kMillisecond, nullptr) ==
        MECHA_DEADLINE_EXCEEDED);
  CHECK(opened.Await() == MECHA_CLOSED);
  const std::string description = opened.Describe();
  INFO(description);
  CHECK(description.find("never completed 2 of its tasks") != std::string::npos);
}

TEST_CASE("a completion that comes after its call, or after the runtime, is harmless") {
  for (const bool outlives_runtime : {false, true}) {
    // The second one is completed twice, and asked about, when it is the plug-in's alone.
    OpenedRuntime opened(FileOf("bad_store"), Bad("", outlives_runtime ? "late-twice" : "late"));
    opened.Submit(20 * kMillisecond);
    CHECK(opened.Await() == MECHA_DEADLINE_EXCEEDED);
    if (outlives_runtime) {
      opened.Free();
    }
    CHECK(ReleaseLateCompletion() == MECHA_DEADLINE_EXCEEDED);
    if (!outlives_runtime) {
      CHECK(opened.Describe().find("Tell its makers") == std::string::npos);
    }
  }
}

TEST_CASE("a plug-in is told why the call of its task has ended") {
  OpenedRuntime opened(FileOf("bad_store"), Bad("", "late"));
  const mecha_op op = opened.Submit(-1);
  CHECK(mecha_runtime_cancel(opened.runtime, op) == MECHA_OK);
  CHECK(opened.Await() == MECHA_CANCELLED);
  CHECK(ReleaseLateCompletion() == MECHA_CANCELLED);
  opened.Submit(-1);
  CHECK(mecha_runtime_suspend(opened.runtime, 0, 0, nullptr) == MECHA_OK);
  CHECK(opened.Await() == MECHA_SUSPENDED);
  CHECK(ReleaseLateCompletion() == MECHA_SUSPENDED);
  REQUIRE(mecha_runtime_resume(opened.runtime, nullptr) == MECHA_OK);
  opened.Submit(-1);
  CHECK(mecha_runtime_shutdown(opened.runtime, 0, nullptr) == MECHA_DEADLINE_EXCEEDED);
  CHECK(opened.Await() == MECHA_CLOSED);
  opened.Free();
  CHECK(ReleaseLateCompletion() == MECHA_CLOSED);
}

TEST_CASE("an outcome that makes no sense blames the plug-in; a write is maybe applied") {
  for (const auto& [fault, words] : std::vector<std::pair<std::string, std::string>>{
           {"items", "has 2 items instead of 1"},
           {"etag", "more than 64 bytes"},
           {"status", "ends an operation with status 77"},
           {"nothing", "without an outcome"},
           {"length", "more than memory has"}}) {
    OpenedRuntime opened(FileOf("bad_store"), Bad("", fault, "", fault));
    CHECK(opened.Get() == MECHA_INTERNAL);
    INFO(opened.last_error);
    CHECK(opened.last_error.find(words) != std::string::npos);
    CHECK(opened.applied == "no");
    CHECK(opened.Set() == MECHA_INTERNAL);
    CHECK(opened.last_error.find(words) != std::string::npos);
    CHECK(opened.applied == (fault == "etag" ? "yes" : "maybe"));
  }
}

// Under a sanitizer so great an allocation ends the process.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("an outcome that memory cannot take is NO_MEMORY, and the process goes on") {
  OpenedRuntime opened(FileOf("bad_store"), Bad("", "memory", "", "memory"));
  CHECK(opened.Get() == MECHA_NO_MEMORY);
  CHECK(opened.applied == "no");
  CHECK(opened.Set() == MECHA_NO_MEMORY);
  CHECK(opened.applied == "maybe");
}
#endif

TEST_CASE("a plug-in that names what nobody has is refused with what mends it") {
  const OpenedRuntime of_mecha(FileOf("calls_mecha"), "");
  CHECK(of_mecha.status == MECHA_FAILED_PRECONDITION);
  CHECK(
      of_mecha.message.find("undefined symbol: mecha_not_exported. It may call what mecha_host") !=
      std::string::npos);
  const OpenedRuntime of_nobody(FileOf("calls_nobody"), "");
  CHECK(of_nobody.message.find("nobody_has_this. It was linked without the library") !=
        std::string::npos);
}

TEST_CASE("a blocking plug-in learns that its call has ended") {
  OpenedRuntime opened(FileOf("bad_store"), Bad("", "", "-blocking"));
  REQUIRE(opened.status == MECHA_OK);
  CHECK(opened.Get(20 * kMillisecond) == MECHA_DEADLINE_EXCEEDED);
  const mecha_op op = opened.Submit(-1);
  CHECK(mecha_runtime_cancel(opened.runtime, op) == MECHA_OK);
  CHECK(opened.Await() == MECHA_CANCELLED);
  opened.Submit(-1);
  CHECK(mecha_runtime_shutdown(opened.runtime, 0, nullptr) == MECHA_DEADLINE_EXCEEDED);
  CHECK(opened.Await() == MECHA_CLOSED);
}

}  // namespace
