// SPDX-License-Identifier: Apache-2.0
// TimerQueue: jobs ordered by the moment they are due. A container without a thread: IoLoop asks
// it. Not safe by itself; IoLoop's lock guards it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "call/clock.h"
#include "contract/host.h"

namespace mecha {

class TimerQueue {
 public:
  // Numbers start at 1 and are never reused.
  uint64_t Add(SteadyTime at, Job job);
  // The job that will not run, so that the caller can free it outside its lock; null when there is
  // no such timer.
  Job Cancel(uint64_t timer);
  std::optional<SteadyTime> NextAt() const;
  // Removes and returns what is due, earliest first.
  std::vector<Job> TakeDue(SteadyTime now);
  bool empty() const { return jobs_.empty(); }
  // Removes and returns everything.
  std::vector<Job> TakeAll();

 private:
  std::map<std::pair<SteadyTime, uint64_t>, Job> jobs_;
  std::unordered_map<uint64_t, SteadyTime> due_;
  uint64_t last_ = 0;
};

}  // namespace mecha
