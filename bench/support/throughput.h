// SPDX-License-Identifier: Apache-2.0
// Throughput: how many operations per second several threads do, Mecha's and a peer's in turns, as
// rows of a report. It knows nothing of what is measured.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bench {

struct Rate {
  double operations_per_second = 0;
  double p50_us = 0;
  double p99_us = 0;
  double per_cpu_second = 0;  // operations for each second of processor time; 0 = not measured
};

Rate RateOf(std::vector<double> samples_us, double seconds);

// So many threads work for half a second, each through what `make_operation` gives it, which is
// called with a growing number.
Rate RunThreads(size_t threads, const std::function<std::function<void(size_t)>()>& make_operation);

// The least that a row is judged by; 0 means none.
struct Least {
  double ratio = 0;  // of operations per second, Mecha's over the peer's
  double per_second = 0;
  double per_cpu_second = 0;
};

// One side of a comparison; `run` does one run.
struct Side {
  std::string name;
  std::function<Rate()> run;
};

// Runs both sides in turns, prints the row and returns it. Ratios are medians over the pairs.
// `least_ratio` 0: no target, for information.
nlohmann::ordered_json CompareRates(const std::string& row, double least_ratio, const Side& mecha,
                                    const Side& peer);
nlohmann::ordered_json CompareRates(const std::string& row, const Least& least, const Side& mecha,
                                    const Side& peer);

// Prints nothing more; writes the file if the arguments hold `--json FILE`. Returns main's exit
// code: 0 when every row's target was met.
int FinishRows(const nlohmann::ordered_json& report, int argc, char** argv);

}  // namespace bench
