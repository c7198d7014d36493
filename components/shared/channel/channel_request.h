// SPDX-License-Identifier: Apache-2.0
// ChannelRequest: one operation on a connection that many share, as the channel sees it: whose call
// it is, and whom it tells. What it asks and what an answer means is a subclass's. It does no input
// or output and knows no connection. Used by one thread at a time; Complete runs under no lock.
#pragma once

#include <cstdint>

#include "call/waiter.h"
#include "contract/call_context.h"
#include "result/status.h"

namespace mecha::components {

// Whoever keeps a request: told, by the thread that stops its call, to end it soon.
class RequestKeeper {
 public:
  virtual ~RequestKeeper() = default;
  virtual void StopRequested(uint64_t request) = 0;
};

class ChannelRequest : public StopListener {
 public:
  // The call's waiter lives until Complete has run; the context itself need not.
  explicit ChannelRequest(const CallContext& call)
      : waiter_(*call.waiter), deadline_(call.deadline) {}
  ~ChannelRequest() override = default;
  ChannelRequest(const ChannelRequest&) = delete;
  ChannelRequest& operator=(const ChannelRequest&) = delete;

  // Ends without an answer.
  virtual void Fail(Status status) = 0;
  // Tells the outcome. The last thing it does: the call's memory may be gone afterwards.
  virtual void Complete() = 0;
  // Whether it may have changed something once it was sent.
  virtual bool is_write() const = 0;

  Waiter& waiter() const { return waiter_; }
  Deadline deadline() const { return deadline_; }
  uint64_t id() const { return id_; }

  // From here on a stop of the call is told to `keeper`, as that of `id`; until Release.
  void KeepBy(RequestKeeper& keeper, uint64_t id) {
    keeper_ = &keeper;
    id_ = id;
    waiter_.SetStopListener(this);
    if (waiter_.stop_cause() != StopCause::kNone) {
      OnStop();  // it came before the keeper could be told
    }
  }
  void Release() { waiter_.SetStopListener(nullptr); }
  void OnStop() override { keeper_->StopRequested(id_); }

 private:
  Waiter& waiter_;
  const Deadline deadline_;
  RequestKeeper* keeper_ = nullptr;
  uint64_t id_ = 0;
};

}  // namespace mecha::components
