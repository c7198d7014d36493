// SPDX-License-Identifier: Apache-2.0
// Which threads a runtime starts, how they look to the host, and how much stack a call takes.
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include <algorithm>
#include <mutex>

#include "guest/guest.h"

namespace mecha::guest {
namespace {

// Threads of this process that are not in `known`.
std::vector<std::string> NewThreads(const std::vector<std::string>& known) {
  std::vector<std::string> threads = ProcessEntries("task");
  std::erase_if(threads, [&](const std::string& thread) {
    return std::find(known.begin(), known.end(), thread) != known.end();
  });
  return threads;
}

// A queue with reads of `store` submitted and answered, so that what it needs is running.
mecha_queue* QueueAtWork(mecha_runtime* runtime, const char* store) {
  mecha_queue* queue = nullptr;
  REQUIRE(mecha_queue_open(runtime, nullptr, &queue) == MECHA_OK);
  const mecha_call call = CallOn(queue);
  for (int i = 0; i < 20; ++i) {
    REQUIRE(mecha_state_set(runtime, &call, host_view(store), host_view("key"), host_buf("value"),
                            nullptr, nullptr) == MECHA_PENDING);
  }
  for (int i = 0; i < 20; ++i) {
    mecha_event event{};
    REQUIRE(mecha_queue_wait(queue, &event, 1, -1) == 1);
    CHECK(event.status == MECHA_OK);
    mecha_result_release(event.result);
  }
  return queue;
}

TEST_CASE("opening, starting and blocking calls on embedded stores start no thread") {
  const TemporaryFolder folder;
  const size_t threads = ThreadCount();
  Guest guest(HOST_MEMORY_YAML "---\n" + SqliteYaml(folder.File("threads.db")));
  CHECK(ThreadCount() == threads);
  for (int i = 0; i < 100; ++i) {
    REQUIRE(host_use(guest.get(), "memory") == MECHA_OK);
    REQUIRE(host_use(guest.get(), "file") == MECHA_OK);
  }
  CHECK(ThreadCount() == threads);
}

TEST_CASE("threads of the runtime block every asynchronous signal and carry Mecha's name") {
  const TemporaryFolder folder;
  const auto known = ProcessEntries("task");
  Guest guest(SqliteYaml(folder.File("signals.db")));
  mecha_queue* queue = QueueAtWork(guest.get(), "file");
  const auto started = NewThreads(known);
  REQUIRE(!started.empty());
  for (const std::string& thread : started) {
    const std::string mask = StatusLine(thread, "SigBlk");
    if (mask.empty()) {
      continue;  // it ended meanwhile: a pool thread that was idle
    }
    const uint64_t blocked = std::stoull(mask, nullptr, 16);
    for (int number = 1; number < 32; ++number) {
      const bool is_synchronous = number == SIGSEGV || number == SIGBUS || number == SIGFPE ||
                                  number == SIGILL || number == SIGTRAP || number == SIGABRT ||
                                  number == SIGSYS;
      if (!is_synchronous && number != SIGKILL && number != SIGSTOP) {
        INFO("thread " << thread << ", signal " << number);
        CHECK((blocked >> (number - 1) & 1) == 1);
      }
    }
    CHECK(StatusLine(thread, "Name").rfind("mecha", 0) == 0);
  }
  mecha_queue_free(queue);
}

struct Hooks {
  std::mutex mutex;
  std::vector<std::string> started;
  std::vector<std::string> stopping;
};

TEST_CASE("the hooks see each thread start under its name and stop before the runtime is freed") {
  const TemporaryFolder folder;
  Hooks hooks;
  const std::string yaml = SqliteYaml(folder.File("hooks.db"));
  const mecha_view text = host_view(yaml.c_str());
  mecha_runtime_options options = host_options(&text, 1);
  options.user = &hooks;
  options.thread_started = [](void* user, const char* name) {
    auto* seen = static_cast<Hooks*>(user);
    const std::scoped_lock lock(seen->mutex);
    seen->started.emplace_back(name);
    CHECK(StatusLine(std::to_string(gettid()), "Name") == std::string(name).substr(0, 15));
  };
  options.thread_stopping = [](void* user, const char* name) {
    auto* seen = static_cast<Hooks*>(user);
    const std::scoped_lock lock(seen->mutex);
    seen->stopping.emplace_back(name);
  };
  mecha_runtime* runtime = nullptr;
  REQUIRE(host_start(&options, &runtime) == MECHA_OK);
  mecha_queue_free(QueueAtWork(runtime, "file"));
  mecha_runtime_free(runtime);
  CHECK(!hooks.started.empty());
  std::sort(hooks.started.begin(), hooks.started.end());
  std::sort(hooks.stopping.begin(), hooks.stopping.end());
  CHECK(hooks.started == hooks.stopping);
}

TEST_CASE("with host threads nothing starts a thread and mecha_runtime_run does the work") {
  const TemporaryFolder folder;
  const size_t threads = ThreadCount();
  Guest guest(HOST_MEMORY_YAML "---\n" + SqliteYaml(folder.File("lent.db")),
              MECHA_OPEN_HOST_THREADS);
  CHECK(mecha_runtime_fd(guest.get()) >= 0);
  REQUIRE(host_use(guest.get(), "memory") == MECHA_OK);
  REQUIRE(host_use(guest.get(), "file") == MECHA_OK);
  mecha_queue* queue = nullptr;
  REQUIRE(mecha_queue_open(guest.get(), nullptr, &queue) == MECHA_OK);
  const mecha_call call = CallOn(queue);
  for (const char* store : {"memory", "file"}) {
    REQUIRE(mecha_state_get(guest.get(), &call, host_view(store), host_view("key"), nullptr,
                            nullptr) == MECHA_PENDING);
  }
  int arrived = 0;
  for (int i = 0; i < 1000 && arrived < 2; ++i) {
    REQUIRE(mecha_runtime_run(guest.get(), 10'000'000) >= 0);
    mecha_event event{};
    while (mecha_queue_poll(queue, &event, 1) == 1) {
      CHECK(event.status == MECHA_OK);
      mecha_result_release(event.result);
      ++arrived;
    }
  }
  CHECK(arrived == 2);
  CHECK(ThreadCount() == threads);
  mecha_queue_free(queue);
}

constexpr size_t kStackBytes = 1u << 20;

struct StackJob {
  std::string yaml;
  std::string store;
  bool is_done = false;
};

void* UseOnSmallStack(void* argument) {
  auto* job = static_cast<StackJob*>(argument);
  mecha_runtime* runtime = nullptr;
  job->is_done = host_start_text(job->yaml.c_str(), &runtime) == MECHA_OK &&
                 host_use(runtime, job->store.c_str()) == MECHA_OK &&
                 mecha_runtime_shutdown(runtime, 1'000'000'000, nullptr) == MECHA_OK;
  mecha_runtime_free(runtime);
  return nullptr;
}

// How many bytes of a painted stack the job wrote over.
size_t StackUsedBy(StackJob& job) {
  void* stack =
      mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(stack != MAP_FAILED);
  auto* bytes = static_cast<unsigned char*>(stack);
  std::fill(bytes, bytes + kStackBytes, 0xA5);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstack(&attributes, stack, kStackBytes);
  pthread_t thread{};
  REQUIRE(pthread_create(&thread, &attributes, UseOnSmallStack, &job) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  const auto* touched =
      std::find_if(bytes, bytes + kStackBytes, [](unsigned char byte) { return byte != 0xA5; });
  const auto used = static_cast<size_t>(bytes + kStackBytes - touched);
  munmap(stack, kStackBytes);
  return used;
}

TEST_CASE("open, start, blocking calls and shutdown use less than 128 KiB of the caller's stack") {
  const TemporaryFolder folder;
  StackJob on_memory{HOST_MEMORY_YAML, "memory"};
  StackJob on_file{SqliteYaml(folder.File("stack.db")), "file"};
  for (StackJob* job : {&on_memory, &on_file}) {
    const size_t used = StackUsedBy(*job);
    INFO(job->store << " used " << used << " bytes");
    CHECK(job->is_done);
    CHECK(used < 128 * 1024);
  }
}

}  // namespace
}  // namespace mecha::guest
