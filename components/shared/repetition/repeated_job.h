// SPDX-License-Identifier: Apache-2.0
// RepeatedJob: runs something on a pool thread every so often, as a clean-up wants it. It does not
// catch up: the interval starts again when the job has ended. Start and Stop are called by one
// thread at a time.
#pragma once

#include <memory>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "contract/host.h"
#include "result/status.h"

namespace mecha::components {

class RepeatedJob {
 public:
  // May block, in the host's waits only. A failure is logged unless Stop caused it.
  using Work = absl::AnyInvocable<Status(const CallContext& call)>;

  RepeatedJob() = default;
  RepeatedJob(const RepeatedJob&) = delete;
  RepeatedJob& operator=(const RepeatedJob&) = delete;
  ~RepeatedJob() { Stop(); }

  // Does nothing when `interval` is not positive or it has been started. `host` and what `work`
  // uses outlive the next Stop. `component` and `failure` begin the log line; both are literals.
  struct Words {
    std::string_view component;
    std::string_view failure;
  };
  void Start(Host& host, Duration interval, Words words, Work work);
  // Returns when none runs and none will.
  void Stop();

 private:
  struct Schedule;

  static void Arm(const std::shared_ptr<Schedule>& schedule);
  static void Run(const std::shared_ptr<Schedule>& schedule);

  std::shared_ptr<Schedule> schedule_;
};

}  // namespace mecha::components
