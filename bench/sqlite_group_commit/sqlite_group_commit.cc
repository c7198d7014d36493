// SPDX-License-Identifier: Apache-2.0
// What do concurrent writers gain by sharing SQLite transactions? Blocking sets of 1 KB at
// synchronous=FULL through Mecha's C interface, against the same writers each on a connection of
// its own. The two take turns on the same disk; the median of the ratios counts.
//   sqlite_group_commit [--json FILE]
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "sqlite_group_commit/own_connection.h"
#include "sqlite_group_commit/shared_store.h"
#include "support/comparison.h"

namespace bench {

void Fail(std::string_view what) {
  std::fprintf(stderr, "sqlite_group_commit: %.*s\n", static_cast<int>(what.size()), what.data());
  std::exit(2);
}

namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;
using Write = std::function<void(std::string_view key, std::string_view value)>;

constexpr size_t kKeys = 1000;
constexpr size_t kPairs = 9;
constexpr auto kTurn = std::chrono::milliseconds(500);
constexpr const char* kSynchronous = "full";

struct Rate {
  double operations_per_second = 0;
  double p50_us = 0;
  double p99_us = 0;
};

std::vector<std::string> MakeKeys() {
  std::vector<std::string> keys;
  for (size_t i = 0; i < kKeys; ++i) {
    keys.push_back("key-" + std::to_string(i));
  }
  return keys;
}

// So many threads write for a while, each through what `make_write` gives it.
Rate Measure(size_t writers, const std::function<Write()>& make_write) {
  static const std::vector<std::string> keys = MakeKeys();
  const std::string value(1024, '\x5a');
  std::atomic<bool> is_over{false};
  std::vector<std::vector<double>> samples_us(writers);
  std::vector<std::thread> threads;
  const auto start = Clock::now();
  for (size_t t = 0; t < writers; ++t) {
    threads.emplace_back([&, t] {
      const Write write = make_write();
      for (size_t turn = t * 131; !is_over; ++turn) {
        const auto before = Clock::now();
        write(keys[turn * 619 % kKeys], value);
        samples_us[t].push_back(
            std::chrono::duration<double, std::micro>(Clock::now() - before).count());
      }
    });
  }
  std::this_thread::sleep_for(kTurn);
  is_over = true;
  for (std::thread& thread : threads) {
    thread.join();
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  std::vector<double> all;
  for (const std::vector<double>& each : samples_us) {
    all.insert(all.end(), each.begin(), each.end());
  }
  std::sort(all.begin(), all.end());
  return {static_cast<double>(all.size()) / seconds, all[all.size() / 2],
          all[all.size() * 99 / 100]};
}

Rate MedianOf(const std::vector<Rate>& rates) {
  const auto median = [&](double Rate::*field) {
    std::vector<double> values;
    for (const Rate& rate : rates) {
      values.push_back(rate.*field);
    }
    return Median(std::move(values));
  };
  return {median(&Rate::operations_per_second), median(&Rate::p50_us), median(&Rate::p99_us)};
}

double Rounded(double value) {
  return static_cast<double>(static_cast<int64_t>(value * 100)) / 100;
}

Json JsonOf(const std::string& name, const Rate& rate) {
  std::printf("  %-34s %10.0f ops/s  p50 %10.1f us  p99 %10.1f us\n", name.c_str(),
              rate.operations_per_second, rate.p50_us, rate.p99_us);
  return {{"name", name},
          {"ops_s", static_cast<int64_t>(rate.operations_per_second)},
          {"p50_us", Rounded(rate.p50_us)},
          {"p99_us", Rounded(rate.p99_us)}};
}

// `least_ratio` 0: no target, for information.
Json Compare(size_t writers, double least_ratio, const std::function<Write()>& mecha,
             const std::function<Write()>& peer) {
  std::vector<Rate> ours;
  std::vector<Rate> theirs;
  std::vector<double> ratios;
  for (size_t pair = 0; pair < kPairs; ++pair) {
    const bool is_mecha_first = pair % 2 == 0;
    const Rate first = Measure(writers, is_mecha_first ? mecha : peer);
    const Rate second = Measure(writers, is_mecha_first ? peer : mecha);
    ours.push_back(is_mecha_first ? first : second);
    theirs.push_back(is_mecha_first ? second : first);
    ratios.push_back(ours.back().operations_per_second / theirs.back().operations_per_second);
  }
  const std::string name = std::to_string(writers) + (writers == 1 ? " writer" : " writers");
  std::printf("%s, set 1 KB, synchronous=%s\n", name.c_str(), kSynchronous);
  Json row = {{"case", name + ", set 1 KB"},
              {"mecha", JsonOf("mecha state.sqlite", MedianOf(ours))},
              {"peer", JsonOf("sqlite3, own connections", MedianOf(theirs))}};
  const double ratio = Median(ratios);
  row["ratio_ops"] = Rounded(ratio);
  std::printf("  ratio %.2f", ratio);
  if (least_ratio > 0) {
    row["target"] = ">= " + std::to_string(static_cast<int>(least_ratio)) + " x";
    row["met"] = ratio >= least_ratio;
    std::printf("  %s (>= %.0f x)", ratio >= least_ratio ? "met" : "MISSED", least_ratio);
  }
  std::printf("\n");
  std::fflush(stdout);
  return row;
}

// Fills the write-ahead log past its checkpoint, so that from then on it is overwritten: appending
// costs the file system much more. It stays so while somebody has the file open.
void Warm(const Write& write) {
  for (size_t turn = 0; turn < 2 * kKeys; ++turn) {
    write("key-" + std::to_string(turn % kKeys), std::string(1024, 'w'));
  }
}

Write WriterOf(const std::string& file, const std::string& synchronous) {
  auto connection = std::make_shared<OwnConnection>(file, synchronous);
  return
      [connection](std::string_view key, std::string_view value) { connection->Set(key, value); };
}

Json MeasureAll(const std::string& folder) {
  const std::string peer_file = folder + "/peer.db";
  const std::string mecha_file = folder + "/mecha.db";
  // Mecha creates both files, so that the tables are the same.
  { const SharedStore creates(peer_file, kSynchronous); }
  const SharedStore mecha(mecha_file, kSynchronous);
  const Write peer_keeper = WriterOf(peer_file, "off");
  Warm(peer_keeper);
  Warm(WriterOf(mecha_file, "off"));
  const auto mecha_write = [&mecha]() -> Write {
    return [&mecha](std::string_view key, std::string_view value) { mecha.Set(key, value); };
  };
  const auto peer_write = [&peer_file] { return WriterOf(peer_file, kSynchronous); };
  Json rows = Json::array();
  rows.push_back(Compare(1, 0, mecha_write, peer_write));
  rows.push_back(Compare(2, 0, mecha_write, peer_write));
  rows.push_back(Compare(8, 3, mecha_write, peer_write));
  rows.push_back(Compare(32, 0, mecha_write, peer_write));
  return rows;
}

int Main(int argc, char** argv) {
  std::string folder = (std::filesystem::temp_directory_path() / "mecha_bench_XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    Fail("no temporary folder");
  }
  Json json = {{"bench", "sqlite_group_commit"},
               {"question", "What do concurrent SQLite writers gain by sharing transactions?"},
               {"machine", {{"cores", std::thread::hardware_concurrency()}}},
               {"rows", MeasureAll(folder)},
               {"notes",
                {"Both write to the same disk; what a wait for it costs decides the "
                 "ratio. Peers that find the file locked sleep, up to 100 ms a time."}}};
  std::filesystem::remove_all(folder);
  bool has_met_all = true;
  for (const Json& row : json["rows"]) {
    has_met_all = has_met_all && row.value("met", true);
  }
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::string_view(argv[i]) == "--json") {
      std::ofstream(argv[i + 1]) << json.dump(2) << "\n";
    }
  }
  return has_met_all ? 0 : 1;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) { return bench::Main(argc, argv); }
