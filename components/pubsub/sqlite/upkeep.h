// SPDX-License-Identifier: Apache-2.0
// Upkeep: deletes what expired and what nobody wants any more, and mends leases after the clock was
// set back. It has no timer: once a minute a
// transaction that is under way anyway takes it along, so a process that does nothing costs
// nothing. Used by whoever leads the writers, one at a time.
#pragma once

#include <chrono>
#include <cstdint>

#include "call/clock.h"
#include "sqlite/sqlite_connection.h"

namespace MECHA_COMPONENT {

class Upkeep {
 public:
  // `retention`: how long messages of topics without groups are kept.
  explicit Upkeep(std::chrono::milliseconds retention) : retention_(retention) {}

  // Inside a transaction. An error undoes what the upkeep did, or, when SQLite rolled back, all.
  Status RunIfDue(Connection& connection);

 private:
  Status Run(Connection& connection);

  const std::chrono::milliseconds retention_;
  SteadyTime next_{};
};

// Deletes the oldest messages of a topic, as far as they were published by then.
Status ForgetOld(Connection& connection, int64_t topic, int64_t published_by);

}  // namespace MECHA_COMPONENT
