// SPDX-License-Identifier: Apache-2.0
// What does the queue in an SQLite file do? Messages of 1 KB from publish to a handled reply in
// batches at synchronous=NORMAL, against a table used as a queue by hand; how soon another process
// gets a message; and what a process that waits for one costs.
//   pubsub_sqlite [--json FILE]
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "pubsub_sqlite/other_process.h"
#include "pubsub_sqlite/table_peer.h"
#include "support/comparison.h"
#include "support/messages.h"
#include "support/throughput.h"

namespace bench {

void Fail(std::string_view what) {
  std::fprintf(stderr, "pubsub_sqlite: %.*s\n", static_cast<int>(what.size()), what.data());
  std::exit(2);
}

namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

constexpr auto kTurn = std::chrono::milliseconds(500);
constexpr size_t kBatch = 100;

template <class Step>
Rate RunFor(const Step& step) {
  const double cpu_before = CpuSeconds();
  const auto begin = Clock::now();
  size_t done = 0;
  while (Clock::now() - begin < kTurn) {
    done += step();
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  const double cpu = CpuSeconds() - cpu_before;
  return {static_cast<double>(done) / seconds, 0, 0, static_cast<double>(done) / cpu};
}

// A publisher with `batch` messages in a call, and a handler on another thread.
Json Throughput(const std::string& folder, size_t batch, double least) {
  const std::string data(1024, 'x');
  const std::string name = std::to_string(batch);
  Messages messages({.spec = QueueSpec(folder + "/mecha" + name + ".db"),
                     .content_type = "text/plain",
                     .is_callback = true,
                     .is_batch = true,
                     .credit = 64});
  TablePeer peer(folder + "/peer" + name + ".db");
  const auto mecha = [&] {
    return RunFor([&] {
      messages.Publish(data, batch);
      messages.AwaitOpen(10 * kBatch);
      return batch;
    });
  };
  return CompareRates("publish to handler, 1 KB, " + name + " in a publish",
                      Least{.per_second = least}, {"mecha pubsub.sqlite", mecha},
                      {"sqlite3, a table as queue", [&] {
                         return RunFor([&] {
                           peer.Publish(data, batch);
                           peer.Consume(batch);
                           return batch;
                         });
                       }});
}

Json ValueRow(const std::string& row, double value, const std::string& unit, double most) {
  Json json = {{"case", row}, {"value", value}, {"unit", unit}};
  std::printf("%s\n  %.4f %s", row.c_str(), value, unit.c_str());
  if (most > 0) {
    char target[32];
    std::snprintf(target, sizeof target, "<= %g %s", most, unit.c_str());
    json["target"] = target;
    json["met"] = value <= most;
    std::printf("   %s (%s)", value <= most ? "met" : "MISSED", target);
  }
  std::printf("\n");
  std::fflush(stdout);
  return json;
}

void Waiting(const std::string& folder, Json& rows) {
  constexpr size_t kMessages = 200;
  constexpr auto kIdle = std::chrono::seconds(3);
  const std::string file = folder + "/waiting.db";
  const OtherProcess other(file);
  Messages messages({.spec = QueueSpec(file), .content_type = "text/plain", .is_publisher = true});
  std::vector<double> delays_ms;
  for (size_t i = 0; i < kMessages; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    messages.Publish(std::to_string(NowNs()));
    delays_ms.push_back(static_cast<double>(other.NextDelayNs()) * 1e-6);
  }
  std::sort(delays_ms.begin(), delays_ms.end());
  rows.push_back(ValueRow("publish to handler in another process, median",
                          delays_ms[delays_ms.size() / 2], "ms", 5));
  rows.push_back(ValueRow("publish to handler in another process, 99th of 100",
                          delays_ms[delays_ms.size() * 99 / 100], "ms", 0));
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  const double before = other.CpuSeconds();
  std::this_thread::sleep_for(kIdle);
  rows.push_back(ValueRow("processor time of a process that waits for a message",
                          (other.CpuSeconds() - before) / 3 * 100, "%", 0.5));
}

int Main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == kConsumerArgument) {
    return ConsumeUntilEnd(argv[2]);
  }
  std::string folder = (std::filesystem::temp_directory_path() / "mecha_bench_XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    Fail("no temporary folder");
  }
  Json rows = Json::array();
  rows.push_back(Throughput(folder, kBatch, 20'000));
  rows.push_back(Throughput(folder, 10, 0));
  Waiting(folder, rows);
  std::filesystem::remove_all(folder);
  return FinishRows({{"bench", "pubsub_sqlite"},
                     {"question", "What does the queue in an SQLite file do?"},
                     {"machine", {{"cores", std::thread::hardware_concurrency()}}},
                     {"rows", rows},
                     {"notes",
                      {"synchronous=NORMAL. Handlers get up to 100 messages at a time.",
                       "The peer has no groups and no leases: who dies with a batch loses it."}}},
                    argc, argv);
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) { return bench::Main(argc, argv); }
