// SPDX-License-Identifier: Apache-2.0
// PluginTask: one operation of the contract on its way through a plug-in: issued, then answered by
// the plug-in or ended by its deadline or a stop, then delivered, once. It knows no operation.
// Delivered by whoever ends it; where that could call the plug-in back while it is on the stack, a
// kind of task has Report see to it that another thread does.
//
// A caller who waits (may_block) parks here; otherwise a timer and a stop listener watch the call.
// They are set only when the plug-in did not answer before it returned. What belongs to the call
// (its waiter) is touched only by who may still deliver. Shared by the slot in PluginHost, the job
// of the timer and the thread that issues it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "call/waiter.h"
#include "contract/call_context.h"
#include "mecha/component.h"
#include "plugins/plugin_host.h"
#include "plugins/plugin_outcome.h"
#include "result/done.h"
#include "result/status.h"

namespace mecha {

// What a failure says of a write whose call ended before its outcome came.
enum class TaskKind : uint8_t { kRead, kWrite };

class PluginTask : public std::enable_shared_from_this<PluginTask>, private StopListener {
 public:
  PluginTask(std::shared_ptr<PluginHost> host, const CallContext& call, TaskKind kind);
  ~PluginTask() override = default;

  // Issues it with `start`, which gets the task's number, and sees to its end. Once.
  template <class Start>
  void Run(const CallContext& call, Start start) {
    if (!Begin(call)) {
      return;
    }
    start(number_);
    if (call.may_block) {
      Park(call);
    } else {
      Leave(call);
    }
  }

  // By PluginHost, after it took the task out of its slot. Null: there is none.
  void OnOutcome(const mecha_outcome* outcome);
  // Ends it with `status`, unless its outcome has come. Once its function has returned.
  void End(const Status& status);
  // By whom Report has left it to.
  void DeliverNow() { Deliver(); }
  // What it belongs to besides its component; null: nothing.
  virtual const void* owner() const { return nullptr; }
  // By PluginHost, while the task is in its slot.
  mecha_status State() const;
  Duration Remaining() const;

 protected:
  virtual void Take(const mecha_outcome& outcome) = 0;
  virtual void Fail(Status status) = 0;
  virtual void Deliver() = 0;
  // It has ended after its function had returned, on whichever thread.
  virtual void Report() { Deliver(); }

  PluginHost& host() const { return *host_; }

 private:
  // Who goes on after the answer: the thread that issues it, until it has left.
  enum class Step : uint8_t { kIssuing, kAnswered, kLeft };

  void OnStop() override;
  bool Begin(const CallContext& call);
  void Park(const CallContext& call);
  void Leave(const CallContext& call);
  Status Unsure(Status status) const;
  bool EndEarly(const Status& status);
  void Settle();
  void Finish();

  const std::shared_ptr<PluginHost> host_;
  Waiter* const waiter_;
  const Deadline deadline_;
  const TaskKind kind_;
  const bool parks_;
  std::atomic<Step> state_{Step::kIssuing};
  mecha_task number_ = 0;
  uint64_t timer_ = 0;
};

// A task whose answer is a T.
template <class T>
class PluginTaskOf : public PluginTask {
 public:
  struct Answering {
    ReadOutcome<T> read;
    size_t expected;
    TaskKind kind;
    bool reports_elsewhere = false;  // by an I/O thread, if the function has returned before
  };

  PluginTaskOf(std::shared_ptr<PluginHost> host, const CallContext& call, Answering answering,
               Done<T> done)
      : PluginTask(std::move(host), call, answering.kind),
        answering_(answering),
        done_(std::move(done)) {}

 protected:
  void Deliver() override { std::move(done_)(std::move(answer_)); }
  void Report() override {
    if (answering_.reports_elsewhere) {
      host().host().Post([self = this->shared_from_this()] { self->DeliverNow(); });
    } else {
      Deliver();
    }
  }

 private:
  void Take(const mecha_outcome& outcome) override {
    answer_ = answering_.read(outcome, answering_.expected);
  }
  void Fail(Status status) override { answer_ = std::move(status); }

  const Answering answering_;
  StatusOr<T> answer_;
  Done<T> done_;
};

}  // namespace mecha
