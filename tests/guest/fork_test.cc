// SPDX-License-Identifier: Apache-2.0
// What fork does to a host of Mecha: nothing in the parent, a clear answer in the child.
#include "guest/guest.h"

#define COMPLAIN_UNLESS(condition)                                                            \
  do {                                                                                        \
    if (!(condition)) {                                                                       \
      return std::string("line ") + std::to_string(__LINE__) + ": " #condition " is false; "; \
    }                                                                                         \
  } while (false)

namespace mecha::guest {
namespace {

constexpr mecha_view kStore{"memory", 6};
constexpr mecha_view kKey{"key", 3};

// The parent's handles in the child: each call answers MECHA_FORKED.
std::string CheckOperationsAreForked(mecha_runtime* rt, const mecha_call* call) {
  mecha_state_op op{};
  op.kind = MECHA_STATE_SET;
  op.key = kKey;
  COMPLAIN_UNLESS(mecha_state_get(rt, call, kStore, kKey, nullptr, nullptr) == MECHA_FORKED);
  COMPLAIN_UNLESS(mecha_state_get_many(rt, call, kStore, &kKey, 1, nullptr, nullptr) ==
                  MECHA_FORKED);
  COMPLAIN_UNLESS(mecha_state_set(rt, call, kStore, kKey, host_buf("v"), nullptr, nullptr) ==
                  MECHA_FORKED);
  COMPLAIN_UNLESS(mecha_state_delete(rt, call, kStore, kKey, nullptr, nullptr) == MECHA_FORKED);
  COMPLAIN_UNLESS(mecha_state_apply(rt, call, kStore, &op, 1, nullptr, nullptr) == MECHA_FORKED);
  COMPLAIN_UNLESS(mecha_state_list(rt, call, kStore, kKey, nullptr, nullptr) == MECHA_FORKED);
  COMPLAIN_UNLESS(mecha_state_query(rt, call, kStore, kKey, nullptr, nullptr) == MECHA_FORKED);
  COMPLAIN_UNLESS(mecha_secret_get(rt, call, kStore, kKey, nullptr, nullptr) == MECHA_FORKED);
  COMPLAIN_UNLESS(mecha_secret_list(rt, call, kStore, nullptr, nullptr) == MECHA_FORKED);
  const mecha_message message{};
  COMPLAIN_UNLESS(mecha_publish(rt, call, kStore, kKey, &message, 1, nullptr, nullptr) ==
                  MECHA_FORKED);
  COMPLAIN_UNLESS(mecha_component_ping(rt, nullptr, kStore, nullptr) == MECHA_FORKED);
  COMPLAIN_UNLESS(mecha_resource_apply(rt, call, kKey, nullptr) == MECHA_FORKED);
  COMPLAIN_UNLESS(mecha_resource_delete(rt, call, kKey, kKey, nullptr) == MECHA_FORKED);
  return "";
}

mecha_serve_options TopicOptions() {
  static constexpr mecha_view kTopic{"topic", 5};
  mecha_serve_options options{};
  options.struct_size = sizeof options;
  options.kind = MECHA_SERVE_TOPIC;
  options.component = {"messages", 8};
  options.names = &kTopic;
  options.name_count = 1;
  return options;
}

std::string CheckServingIsForked(mecha_runtime* rt, mecha_queue* queue,
                                 mecha_registration* registration, const mecha_event& request) {
  const mecha_serve_options options = TopicOptions();
  mecha_registration* own = nullptr;
  COMPLAIN_UNLESS(mecha_serve(rt, nullptr, queue, &options, &own, nullptr) == MECHA_FORKED);
  COMPLAIN_UNLESS(own == nullptr);
  COMPLAIN_UNLESS(mecha_serve_credit(registration, 1) == MECHA_FORKED);
  COMPLAIN_UNLESS(mecha_serve_stop(rt, nullptr, registration, nullptr) == MECHA_FORKED);
  COMPLAIN_UNLESS(mecha_request_cancelled(rt, request.id) == MECHA_FORKED);
  COMPLAIN_UNLESS(mecha_request_extend(rt, request.id, 1) == MECHA_FORKED);
  COMPLAIN_UNLESS(mecha_request_reply(rt, request.id, nullptr) == MECHA_FORKED);
  mecha_request_info info{};
  info.struct_size = sizeof info;
  COMPLAIN_UNLESS(mecha_request_read(request.result, 0, &info) == MECHA_OK);
  COMPLAIN_UNLESS(info.attempt == 1);
  mecha_kv entry;
  COMPLAIN_UNLESS(mecha_request_metadata(request.result, 0, 0, &entry) == MECHA_OK);
  mecha_result_release(request.result);
  mecha_registration_free(registration);
  return "";
}

std::string CheckLifeCycleIsForked(mecha_runtime* rt) {
  mecha_result* result = nullptr;
  mecha_queue* queue = nullptr;
  COMPLAIN_UNLESS(mecha_runtime_start(rt, nullptr) == MECHA_FORKED);
  COMPLAIN_UNLESS(mecha_runtime_suspend(rt, 0, 0, nullptr) == MECHA_FORKED);
  COMPLAIN_UNLESS(mecha_runtime_resume(rt, nullptr) == MECHA_FORKED);
  COMPLAIN_UNLESS(mecha_runtime_shutdown(rt, 0, nullptr) == MECHA_FORKED);
  COMPLAIN_UNLESS(mecha_runtime_run(rt, 0) == MECHA_FORKED);
  COMPLAIN_UNLESS(mecha_runtime_fd(rt) == -1);
  COMPLAIN_UNLESS(mecha_runtime_describe(rt, &result) == MECHA_FORKED);
  COMPLAIN_UNLESS(mecha_metrics_read(rt, &result) == MECHA_FORKED);
  COMPLAIN_UNLESS(mecha_runtime_cancel(rt, 1) == MECHA_FORKED);
  COMPLAIN_UNLESS(mecha_clock_advance(rt, 1) == MECHA_FORKED);
  COMPLAIN_UNLESS(mecha_queue_open(rt, nullptr, &queue) == MECHA_FORKED);
  return "";
}

std::string CheckQueueIsForked(mecha_queue* queue) {
  mecha_event event{};
  COMPLAIN_UNLESS(mecha_queue_fd(queue) == -1);
  COMPLAIN_UNLESS(mecha_queue_poll(queue, &event, 1) == MECHA_FORKED);
  COMPLAIN_UNLESS(mecha_queue_wait(queue, &event, 1, -1) == MECHA_FORKED);
  COMPLAIN_UNLESS(mecha_queue_wake(queue) == MECHA_FORKED);
  COMPLAIN_UNLESS(mecha_queue_close(queue) == MECHA_FORKED);
  return "";
}

std::string CheckOwnRuntimeWorks(const std::string& yaml, const char* store) {
  mecha_runtime* own = nullptr;
  COMPLAIN_UNLESS(host_start_text(yaml.c_str(), &own) == MECHA_OK);
  COMPLAIN_UNLESS(host_use(own, store) == MECHA_OK);
  mecha_runtime_free(own);
  return "";
}

// Starts on a database file and returns the status, with the message in `message`.
mecha_status StartOn(const std::string& yaml, std::string& message) {
  const mecha_view text = host_view(yaml.c_str());
  const mecha_runtime_options options = host_options(&text, 1);
  mecha_runtime* runtime = nullptr;
  mecha_error* error = nullptr;
  mecha_status status = mecha_runtime_open(&options, &runtime, &error);
  if (status == MECHA_OK) {
    status = mecha_runtime_start(runtime, &error);
  }
  message = mecha_error_message(error);
  mecha_error_free(error);
  mecha_runtime_free(runtime);
  return status;
}

TEST_CASE("in a forked child every handle of the parent answers FORKED and frees return at once") {
  Guest guest(HOST_MEMORY_YAML);
  REQUIRE(host_use(guest.get(), "memory") == MECHA_OK);
  mecha_queue* queue = nullptr;
  REQUIRE(mecha_queue_open(guest.get(), nullptr, &queue) == MECHA_OK);
  const mecha_call submit = CallOn(queue);
  CHECK(RunInChild([&] {
          std::string complaints = CheckOperationsAreForked(guest.get(), nullptr);
          complaints += CheckOperationsAreForked(guest.get(), &submit);
          complaints += CheckLifeCycleIsForked(guest.get());
          complaints += CheckQueueIsForked(queue);
          mecha_queue_free(queue);
          mecha_runtime_free(guest.get());
          return complaints;
        }) == "");
  CHECK(host_expect(guest.get(), "memory", "key", "value") == MECHA_OK);
  mecha_queue_free(queue);
}

TEST_CASE("a child forked in a handler cannot answer its request, and the parent can") {
  Guest guest(HOST_MESSAGES_YAML);
  mecha_queue* queue = nullptr;
  REQUIRE(mecha_queue_open(guest.get(), nullptr, &queue) == MECHA_OK);
  const mecha_serve_options options = TopicOptions();
  mecha_registration* registration = nullptr;
  REQUIRE(mecha_serve(guest.get(), nullptr, queue, &options, &registration, nullptr) == MECHA_OK);
  mecha_message message{};
  message.data = host_buf("hello");
  REQUIRE(mecha_publish(guest.get(), nullptr, options.component, *options.names, &message, 1,
                        nullptr, nullptr) == MECHA_OK);
  mecha_event event{};
  REQUIRE(mecha_queue_wait(queue, &event, 1, -1) == 1);
  CHECK(RunInChild([&] { return CheckServingIsForked(guest.get(), queue, registration, event); }) ==
        "");
  CHECK(mecha_request_reply(guest.get(), event.id, nullptr) == MECHA_OK);
  mecha_result_release(event.result);
  CHECK(mecha_serve_stop(guest.get(), nullptr, registration, nullptr) == MECHA_OK);
  mecha_registration_free(registration);
  mecha_queue_free(queue);
}

TEST_CASE("a forked child opens a runtime of its own, also while threads of the parent's run") {
  Guest guest(HOST_MEMORY_YAML);
  mecha_queue* queue = nullptr;
  REQUIRE(mecha_queue_open(guest.get(), nullptr, &queue) == MECHA_OK);
  const mecha_call call = CallOn(queue);
  for (int round = 0; round < 20; ++round) {
    // Work in flight on the runtime's threads at the moment of the fork.
    for (int i = 0; i < 10; ++i) {
      REQUIRE(mecha_state_get(guest.get(), &call, kStore, kKey, nullptr, nullptr) == MECHA_PENDING);
    }
    CHECK(RunInChild([] { return CheckOwnRuntimeWorks(HOST_MEMORY_YAML, "memory"); }) == "");
    for (int arrived = 0; arrived < 10;) {
      mecha_event events[10];
      const int32_t count = mecha_queue_wait(queue, events, 10, -1);
      REQUIRE(count >= 0);
      for (int32_t i = 0; i < count; ++i) {
        mecha_result_release(events[i].result);
      }
      arrived += count;
    }
  }
  mecha_queue_free(queue);
}

TEST_CASE("results made before a fork are read and released in the child") {
  Guest guest(HOST_MEMORY_YAML);
  REQUIRE(host_use(guest.get(), "memory") == MECHA_OK);
  mecha_result* result = nullptr;
  REQUIRE(mecha_state_get(guest.get(), nullptr, kStore, kKey, nullptr, &result) == MECHA_OK);
  CHECK(RunInChild([&]() -> std::string {
          mecha_item item{};
          item.struct_size = sizeof item;
          COMPLAIN_UNLESS(mecha_result_item(result, 0, &item) == MECHA_OK);
          COMPLAIN_UNLESS(std::string(static_cast<const char*>(item.value.data), item.value.size) ==
                          "value");
          mecha_result_release(result);
          return "";
        }) == "");
  mecha_result_release(result);
}

TEST_CASE("a child may not open the SQLite file its parent held at the fork, until it suspends") {
  const TemporaryFolder folder;
  const std::string yaml = SqliteYaml(folder.File("shared.db"));
  Guest guest(yaml);
  REQUIRE(host_set(guest.get(), "file", "parent", "was here") == MECHA_OK);
  CHECK(RunInChild([&]() -> std::string {
          std::string message;
          COMPLAIN_UNLESS(StartOn(yaml, message) == MECHA_FAILED_PRECONDITION);
          if (message.find("suspend") == std::string::npos) {
            return "the message does not say to suspend: " + message;
          }
          return CheckOwnRuntimeWorks(SqliteYaml(folder.File("own.db")), "file");
        }) == "");
  REQUIRE(host_expect(guest.get(), "file", "parent", "was here") == MECHA_OK);

  REQUIRE(mecha_runtime_suspend(guest.get(), 1'000'000'000, 0, nullptr) == MECHA_OK);
  CHECK(RunInChild([&] { return CheckOwnRuntimeWorks(yaml, "file"); }) == "");
  REQUIRE(mecha_runtime_resume(guest.get(), nullptr) == MECHA_OK);
  CHECK(host_expect(guest.get(), "file", "parent", "was here") == MECHA_OK);
  CHECK(host_expect(guest.get(), "file", "key", "value") == MECHA_OK);
}

TEST_CASE("suspend leaves no thread or file, and resume brings everything back after a fork") {
  const TemporaryFolder folder;
  const size_t threads = ThreadCount();
  const size_t descriptors = DescriptorCount();
  Guest guest(HOST_MEMORY_YAML "---\n" + SqliteYaml(folder.File("suspend.db")));
  REQUIRE(host_use(guest.get(), "memory") == MECHA_OK);
  REQUIRE(host_use(guest.get(), "file") == MECHA_OK);
  for (int round = 0; round < 5; ++round) {
    mecha_result* report = nullptr;
    REQUIRE(mecha_runtime_suspend(guest.get(), 1'000'000'000, 0, &report) == MECHA_OK);
    mecha_result_release(report);
    CHECK(ThreadsSettleAt(threads));
    // What remains is not a file: at most the wake descriptor of the runtime itself.
    for (const std::string& descriptor : ProcessEntries("fd")) {
      std::error_code error;
      const auto target = std::filesystem::read_symlink("/proc/self/fd/" + descriptor, error);
      CHECK(target.string().find("suspend.db") == std::string::npos);
    }
    CHECK(DescriptorCount() <= descriptors + 2);
    CHECK(host_set(guest.get(), "memory", "key", "lost") == MECHA_SUSPENDED);
    CHECK(RunInChild([&] { return CheckOperationsAreForked(guest.get(), nullptr); }) == "");
    REQUIRE(mecha_runtime_resume(guest.get(), nullptr) == MECHA_OK);
    CHECK(host_expect(guest.get(), "memory", "key", "value") == MECHA_OK);
    CHECK(host_expect(guest.get(), "file", "key", "value") == MECHA_OK);
  }
}

}  // namespace
}  // namespace mecha::guest
