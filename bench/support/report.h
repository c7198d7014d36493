// SPDX-License-Identifier: Apache-2.0
// Report: the rows of a bench, as a table on the terminal and as the JSON that scripts/bench reads.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "support/comparison.h"

namespace bench {

// The limits that a row is judged by; 0 means none.
struct Target {
  double most_ratio_p50 = 0;
  double most_ratio_p99 = 0;
  double most_p50_us = 0;
};

class Report {
 public:
  Report(std::string bench, std::string question);

  // `second` names the peer. A row without a target is for information.
  void Add(const std::string& name, const std::string& first, const std::string& second,
           const Comparison& comparison, const Target& target = {});
  void AddNote(const std::string& note);

  // Prints the table and, when the arguments hold `--json FILE`, writes the file. Returns main's
  // exit code: 0 when every target was met.
  int Finish(int argc, char** argv) const;

 private:
  nlohmann::ordered_json json_;
  bool has_met_all_ = true;
};

}  // namespace bench
