// SPDX-License-Identifier: Apache-2.0
// ExpiryCleanup: deletes expired rows every so often, on a pool thread. They are hidden without it;
// this gives the space back. Processes that share a file agree through its `last-cleanup` entry, as
// Dapr's do. Start and Stop are called by one thread at a time.
#pragma once

#include "contract/host.h"
#include "repetition/repeated_job.h"
#include "sqlite/commit_group.h"

namespace MECHA_COMPONENT {

class ExpiryCleanup {
 public:
  // Does nothing when `interval` is not positive. `group` and `host` outlive the next Stop.
  void Start(CommitGroup& group, Host& host, Duration interval);
  // Returns when none runs and none will.
  void Stop() { job_.Stop(); }

 private:
  RepeatedJob job_;
};

}  // namespace MECHA_COMPONENT
