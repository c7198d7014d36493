// SPDX-License-Identifier: Apache-2.0
// Worker: takes orders from the broker and stores them, from several threads. A message that comes
// again is answered without storing its order again; the ledger sees to that.
#pragma once

#include <atomic>
#include <cstdint>
#include <mecha/mecha.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "ledger.h"

namespace orders {

class Worker {
 public:
  Worker(mecha::Runtime& runtime, Ledger& ledger) : runtime_(runtime), ledger_(ledger) {}
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() { Stop(); }

  // Subscribes and starts the threads. Blocks until orders come. False when the broker refuses;
  // problem() tells why.
  bool Start(int thread_count);

  // Takes nothing more, lets the threads finish and answer what they have, and ends them. Blocks.
  // False when an order could not be finished; it goes to another worker.
  bool Stop();

  const std::string& problem() const { return problem_; }
  std::int64_t stored() const { return stored_; }
  std::int64_t already_stored() const { return already_stored_; }

 private:
  bool Serve(int thread_count);
  void Work();
  // What is to become of the message: a MECHA_VERDICT_*.
  std::uint32_t Handle(std::string_view text);

  mecha::Runtime& runtime_;
  Ledger& ledger_;
  std::optional<mecha::Queue> queue_;
  mecha_registration* registration_ = nullptr;
  std::vector<std::thread> threads_;
  std::atomic<std::int64_t> stored_{0};
  std::atomic<std::int64_t> already_stored_{0};
  std::string problem_;
};

}  // namespace orders
