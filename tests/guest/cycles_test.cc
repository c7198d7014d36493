// SPDX-License-Identifier: Apache-2.0
// A runtime opened and freed a thousand times leaves nothing behind.
#include "guest/guest.h"

namespace mecha::guest {
namespace {

struct Footprint {
  size_t threads = ThreadCount();
  size_t descriptors = DescriptorCount();
  size_t allocated = AllocatedBytes();
  size_t resident = ResidentBytes();
};

// glibc counts what its per-thread cache holds as allocated; CTest runs this program without that
// cache, where a cycle must give back every byte. By hand the cache gets room to fill.
size_t AllocatorSlack(int cycles) {
  const char* tunables = std::getenv("GLIBC_TUNABLES");
  const bool is_exact =
      tunables != nullptr && std::string(tunables).find("tcache_count=0") != std::string::npos;
  return is_exact ? 1024 : 16384 + static_cast<size_t>(cycles) * 128;
}

// Opens, uses (blocking, through a queue, describe) and frees one runtime.
void Cycle(const std::string& yaml, const std::string& store) {
  Guest guest(yaml);
  REQUIRE(host_use(guest.get(), store.c_str()) == MECHA_OK);
  mecha_queue* queue = nullptr;
  REQUIRE(mecha_queue_open(guest.get(), nullptr, &queue) == MECHA_OK);
  const mecha_call call = CallOn(queue);
  REQUIRE(mecha_state_get(guest.get(), &call, host_view(store.c_str()), host_view("key"), nullptr,
                          nullptr) == MECHA_PENDING);
  mecha_event event{};
  REQUIRE(mecha_queue_wait(queue, &event, 1, -1) == 1);
  REQUIRE(event.status == MECHA_OK);
  mecha_result_release(event.result);
  mecha_queue_free(queue);
  mecha_result* description = nullptr;
  REQUIRE(mecha_runtime_describe(guest.get(), &description) == MECHA_OK);
  mecha_result_release(description);
}

void CheckThatCyclesLeakNothing(const std::string& yaml, const std::string& store, int cycles) {
  for (int i = 0; i < cycles / 5; ++i) {
    Cycle(yaml, store);  // lets allocators and lazily made tables settle
  }
  const Footprint before;
  for (int i = 0; i < cycles; ++i) {
    Cycle(yaml, store);
  }
  CHECK(ThreadsSettleAt(before.threads));
  const Footprint after;
  CHECK(after.descriptors == before.descriptors);
  INFO("allocated " << before.allocated << " -> " << after.allocated << " bytes");
  CHECK(after.allocated <= before.allocated + AllocatorSlack(cycles));
  INFO("resident " << before.resident << " -> " << after.resident << " bytes");
  CHECK(after.resident < before.resident + (2u << 20));
}

TEST_CASE("a thousand runtimes on memory leak no memory, thread or descriptor") {
  CheckThatCyclesLeakNothing(HOST_MEMORY_YAML, "memory", 1000);
}

TEST_CASE("two hundred runtimes on a SQLite file leak no memory, thread or descriptor") {
  const TemporaryFolder folder;
  CheckThatCyclesLeakNothing(SqliteYaml(folder.File("cycles.db")), "file", 200);
}

TEST_CASE("a thousand runtimes that fail to open leak no memory, thread or descriptor") {
  const std::string yaml =
      "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: broken\n"
      "spec:\n  type: state.nowhere\n  version: v1\n";
  const mecha_view text = host_view(yaml.c_str());
  const mecha_runtime_options options = host_options(&text, 1);
  size_t before = 0;
  const size_t descriptors = DescriptorCount();
  for (int i = 0; i < 1200; ++i) {
    mecha_runtime* runtime = nullptr;
    mecha_error* error = nullptr;
    REQUIRE(mecha_runtime_open(&options, &runtime, &error) != MECHA_OK);
    REQUIRE(runtime == nullptr);
    mecha_error_free(error);
    before = i == 200 ? AllocatedBytes() : before;
  }
  CHECK(AllocatedBytes() <= before + AllocatorSlack(1000));
  CHECK(DescriptorCount() == descriptors);
}

}  // namespace
}  // namespace mecha::guest
