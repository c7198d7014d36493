// SPDX-License-Identifier: Apache-2.0
#include "support/comparison.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

double MedianOf(const std::vector<Cost>& costs, double Cost::*field) {
  std::vector<double> values;
  for (const Cost& cost : costs) {
    values.push_back(cost.*field);
  }
  return Median(std::move(values));
}

Cost MedianCost(const std::vector<Cost>& costs) {
  Cost median;
  for (double Cost::*field : {&Cost::p50_us, &Cost::p99_us, &Cost::operations_per_second,
                              &Cost::cpu_seconds_per_million}) {
    median.*field = MedianOf(costs, field);
  }
  return median;
}

}  // namespace

double CpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double Median(std::vector<double> values) {
  if (values.empty()) {
    return 0;
  }
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

Cost Run(const Plan& plan, const Operation& operation) {
  std::vector<double> samples_us(plan.operations);
  size_t turn = 0;
  const double cpu_before = CpuSeconds();
  const auto start = Clock::now();
  auto before = start;
  for (double& sample : samples_us) {
    for (size_t i = 0; i < plan.per_sample; ++i) {
      operation(turn++);
    }
    const auto now = Clock::now();
    sample = std::chrono::duration<double, std::micro>(now - before).count() /
             static_cast<double>(plan.per_sample);
    before = now;
  }
  const double cpu = CpuSeconds() - cpu_before;
  const double seconds = std::chrono::duration<double>(before - start).count();
  std::sort(samples_us.begin(), samples_us.end());
  const auto count = static_cast<double>(turn);
  return {.p50_us = samples_us[samples_us.size() / 2],
          .p99_us = samples_us[samples_us.size() * 99 / 100],
          .operations_per_second = count / seconds,
          .cpu_seconds_per_million = cpu / count * 1e6};
}

Comparison Compare(const Plan& plan, const Operation& first, const Operation& second) {
  Run(plan, first);
  Run(plan, second);
  std::vector<Cost> firsts;
  std::vector<Cost> seconds;
  std::vector<double> ratios_p50;
  std::vector<double> ratios_p99;
  for (size_t pair = 0; pair < plan.pairs; ++pair) {
    const bool is_first_first = pair % 2 == 0;
    const Cost a = Run(plan, is_first_first ? first : second);
    const Cost b = Run(plan, is_first_first ? second : first);
    firsts.push_back(is_first_first ? a : b);
    seconds.push_back(is_first_first ? b : a);
    ratios_p50.push_back(firsts.back().p50_us / seconds.back().p50_us);
    ratios_p99.push_back(firsts.back().p99_us / seconds.back().p99_us);
  }
  return {.first = MedianCost(firsts),
          .second = MedianCost(seconds),
          .ratio_p50 = Median(ratios_p50),
          .ratio_p99 = Median(ratios_p99)};
}

}  // namespace bench
