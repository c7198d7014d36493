// SPDX-License-Identifier: Apache-2.0
// Intake: reads orders and stores them from several threads, and shows how far it is. What a run
// did not get to, the next run does.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>

#include "ledger.h"
#include "order_file.h"

namespace orders {

class Intake {
 public:
  // `stop` is set by a signal: threads finish their order and end.
  Intake(OrderFile& file, Ledger& ledger, const std::atomic<bool>& stop)
      : file_(file), ledger_(ledger), stop_(stop) {}

  // Stores everything from `thread_count` threads. Blocks. False when the store failed; problem()
  // tells why.
  bool Run(int thread_count);

  // Prints what was done to standard output.
  void PrintSummary() const;
  const std::string& problem() const { return problem_; }

 private:
  void Work();
  void StoreLine(const Line& line);
  void ShowProgress(int thread_count);
  void Fail(const std::string& problem);
  std::string ProgressLine() const;
  double Seconds() const;

  OrderFile& file_;
  Ledger& ledger_;
  const std::atomic<bool>& stop_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point end_ = begin_;
  std::atomic<std::int64_t> lines_{0};
  std::atomic<std::int64_t> stored_{0};
  std::atomic<std::int64_t> already_stored_{0};
  std::atomic<std::int64_t> skipped_{0};
  std::atomic<bool> has_failed_{false};
  std::mutex mutex_;  // guards problem_ and finished_, and keeps messages apart
  std::condition_variable finished_changed_;
  int finished_ = 0;
  std::string problem_;
};

}  // namespace orders
