// SPDX-License-Identifier: Apache-2.0
// Ledger: puts an order and its customer's new total into the store, both or neither. It keeps
// nothing itself, so the program may be killed at any point and run again.
#pragma once

#include <atomic>
#include <cstdint>
#include <mecha/state.hpp>
#include <string>

#include "order.h"

namespace orders {

enum class Outcome {
  kStored,         // now, by this call
  kAlreadyStored,  // by an earlier run, an earlier line or another thread
  kFailed          // the store does not work: `problem` tells why
};

class Ledger {
 public:
  explicit Ledger(mecha::State store) : store_(std::move(store)) {}

  // Stores one order. Blocks; safe from any thread.
  Outcome Store(const Order& order, std::string& problem);

  // How often another thread changed a total first, so that an order had to be tried again.
  std::int64_t retries() const { return retries_; }

 private:
  // What one try came to. kUnavailable: nothing was written; kUnclear: that is not known.
  enum class Try { kStored, kAlreadyStored, kTotalChanged, kUnavailable, kUnclear, kFailed };

  static Try TryOf(const mecha::Error& error);
  Try StoreOnce(const Order& order, std::string& problem);
  Try Write(const Order& order, const Total& total, std::string_view etag, std::string& problem);

  mecha::State store_;
  std::atomic<std::int64_t> retries_{0};
};

}  // namespace orders
