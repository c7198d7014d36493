// SPDX-License-Identifier: Apache-2.0
// Comparing Mecha with a peer in one process: pairs of runs that take turns, and the median of
// their ratios, so that a busy machine disturbs both alike. It knows nothing of what is measured.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace bench {

// What one run, or the median of several, cost.
struct Cost {
  double p50_us = 0;
  double p99_us = 0;
  double operations_per_second = 0;
  double cpu_seconds_per_million = 0;
};

// Does one operation; `turn` counts them, to choose a key by.
using Operation = std::function<void(size_t turn)>;

struct Plan {
  size_t operations = 1000;  // samples of each run
  size_t per_sample = 1;     // operations timed together: more than one where the clock would weigh
  size_t pairs = 11;
};

struct Comparison {
  Cost first;
  Cost second;
  double ratio_p50 = 0;  // first over second
  double ratio_p99 = 0;
};

Cost Run(const Plan& plan, const Operation& operation);
// Runs both once for warmth, then in turns: first, second, second, first, ...
Comparison Compare(const Plan& plan, const Operation& first, const Operation& second);

// Of the whole process: helpers' threads count, too.
double CpuSeconds();

double Median(std::vector<double> values);

}  // namespace bench
