// SPDX-License-Identifier: Apache-2.0
#include "support/throughput.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string_view>
#include <thread>
#include <utility>

#include "support/comparison.h"

namespace bench {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr size_t kPairs = 15;
constexpr auto kTurn = std::chrono::milliseconds(500);

Rate MedianOf(const std::vector<Rate>& rates) {
  const auto median = [&](double Rate::*field) {
    std::vector<double> values;
    for (const Rate& rate : rates) {
      values.push_back(rate.*field);
    }
    return Median(std::move(values));
  };
  return {median(&Rate::operations_per_second), median(&Rate::p50_us), median(&Rate::p99_us),
          median(&Rate::per_cpu_second)};
}

double Rounded(double value) {
  return static_cast<double>(static_cast<int64_t>(value * 100)) / 100;
}

Json JsonOf(const std::string& name, const Rate& rate) {
  Json json = {{"name", name}, {"ops_s", static_cast<int64_t>(rate.operations_per_second)}};
  std::printf("  %-34s %10.0f ops/s", name.c_str(), rate.operations_per_second);
  if (rate.per_cpu_second > 0) {
    std::printf("  %10.0f per CPU s", rate.per_cpu_second);
    json["ops_per_cpu_s"] = static_cast<int64_t>(rate.per_cpu_second);
  } else {
    std::printf("  p50 %10.1f us  p99 %10.1f us", rate.p50_us, rate.p99_us);
    json["p50_us"] = Rounded(rate.p50_us);
    json["p99_us"] = Rounded(rate.p99_us);
  }
  std::printf("\n");
  return json;
}

std::string Words(const Least& least) {
  std::string words;
  const auto add = [&](const char* format, double limit) {
    if (limit > 0) {
      char text[48];
      std::snprintf(text, sizeof text, format, limit);
      words += (words.empty() ? "" : ", ") + std::string(text);
    }
  };
  add(">= %g x", least.ratio);
  add(">= %.0f per s", least.per_second);
  add(">= %.0f per CPU s", least.per_cpu_second);
  return words;
}

}  // namespace

Rate RateOf(std::vector<double> samples_us, double seconds) {
  std::sort(samples_us.begin(), samples_us.end());
  const size_t count = samples_us.size();
  if (count == 0) {
    return {};
  }
  return {static_cast<double>(count) / seconds, samples_us[count / 2], samples_us[count * 99 / 100],
          0};
}

Rate RunThreads(size_t threads,
                const std::function<std::function<void(size_t)>()>& make_operation) {
  std::atomic<bool> is_over{false};
  std::vector<std::vector<double>> samples_us(threads);
  std::vector<std::thread> workers;
  const auto start = Clock::now();
  for (size_t t = 0; t < threads; ++t) {
    workers.emplace_back([&, t] {
      const auto operation = make_operation();
      for (size_t turn = t * 131; !is_over; ++turn) {
        const auto before = Clock::now();
        operation(turn);
        samples_us[t].push_back(
            std::chrono::duration<double, std::micro>(Clock::now() - before).count());
      }
    });
  }
  std::this_thread::sleep_for(kTurn);
  is_over = true;
  for (std::thread& worker : workers) {
    worker.join();
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  std::vector<double> all;
  for (const std::vector<double>& each : samples_us) {
    all.insert(all.end(), each.begin(), each.end());
  }
  return RateOf(std::move(all), seconds);
}

Json CompareRates(const std::string& row, double least_ratio, const Side& mecha, const Side& peer) {
  return CompareRates(row, Least{.ratio = least_ratio}, mecha, peer);
}

Json CompareRates(const std::string& row, const Least& least, const Side& mecha, const Side& peer) {
  std::vector<Rate> ours;
  std::vector<Rate> theirs;
  std::vector<double> ratios;
  for (size_t pair = 0; pair < kPairs; ++pair) {
    const bool is_mecha_first = pair % 2 == 0;
    const Rate first = is_mecha_first ? mecha.run() : peer.run();
    const Rate second = is_mecha_first ? peer.run() : mecha.run();
    ours.push_back(is_mecha_first ? first : second);
    theirs.push_back(is_mecha_first ? second : first);
    ratios.push_back(ours.back().operations_per_second / theirs.back().operations_per_second);
  }
  std::printf("%s\n", row.c_str());
  const Rate rate = MedianOf(ours);
  Json json = {{"case", row},
               {"mecha", JsonOf(mecha.name, rate)},
               {"peer", JsonOf(peer.name, MedianOf(theirs))}};
  const double ratio = Median(ratios);
  json["ratio_ops"] = Rounded(ratio);
  std::printf("  ratio %.2f", ratio);
  if (const std::string target = Words(least); !target.empty()) {
    const bool is_met = ratio >= least.ratio && rate.operations_per_second >= least.per_second &&
                        rate.per_cpu_second >= least.per_cpu_second;
    json["target"] = target;
    json["met"] = is_met;
    std::printf("  %s (%s)", is_met ? "met" : "MISSED", target.c_str());
  }
  std::printf("\n");
  std::fflush(stdout);
  return json;
}

int FinishRows(const Json& report, int argc, char** argv) {
  bool has_met_all = true;
  for (const Json& row : report["rows"]) {
    has_met_all = has_met_all && row.value("met", true);
  }
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::string_view(argv[i]) == "--json") {
      std::ofstream(argv[i + 1]) << report.dump(2) << "\n";
    }
  }
  return has_met_all ? 0 : 1;
}

}  // namespace bench
