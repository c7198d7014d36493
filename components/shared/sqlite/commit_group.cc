// SPDX-License-Identifier: Apache-2.0
#include "sqlite/commit_group.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "result/status.h"
#include "result/status_or.h"

namespace mecha::components {
namespace {

// How long a job waits before it looks whether one of its writes was stopped meanwhile.
constexpr Duration kJobStep = std::chrono::milliseconds(20);

// How often a leader lets other threads run before it commits without them.
constexpr size_t kMostPauses = 8;

// After a unit or a commit did not fit, those that do fit are still carried out.
bool MayFitAlone(const Status& cause) { return IsResourceExhausted(cause); }

void Complete(std::span<Participant* const> writes) {
  for (Participant* write : writes) {
    const std::unique_ptr<DeferredWrite> owned(static_cast<DeferredWrite*>(write));
    owned->Complete();
  }
}

}  // namespace

void CommitGroup::Commit(const CallContext& call, CommitUnit& unit) {
  Participant self;
  self.call = &call;
  self.unit = &unit;
  self.wake = call.waiter;
  if (!JoinOrLead(self) && !AwaitTurn(self)) {
    return;
  }
  Batch batch;
  Lead(self, batch);
  HandOver(self, batch);
}

Status CommitGroup::RunExclusive(const CallContext& call,
                                 absl::AnyInvocable<Status(Connection&) &&> work) {
  Participant self;
  self.call = &call;
  self.wake = call.waiter;
  if (!JoinOrLead(self) && !AwaitTurn(self)) {
    return self.stopped;
  }
  Status status;
  {
    StatusOr<Lease> writer = database_.AcquireWriter(call);
    if (writer.ok()) {
      (*writer)->WaitFor(&call);
      status = std::move(work)(**writer);
    } else {
      status = writer.status();
    }
  }
  HandOver(self, Batch());
  return status;
}

// True: `self` leads. False: it stands in the line.
bool CommitGroup::JoinOrLead(Participant& self) {
  const std::lock_guard lock(mutex_);
  if (!has_leader_) {
    has_leader_ = true;
    self.is_alone = true;
    return true;
  }
  self.wake->ResetNotification();
  self.busy_until = host_.clock().Now() + database_.settings().busy_timeout;
  line_.push_back(&self);
  return false;
}

// True: `self` leads now. False: it has its outcome.
bool CommitGroup::AwaitTurn(Participant& self) {
  const CallContext bounded = database_.Bounded(*self.call);
  for (;;) {
    const Status parked = host_.Park(bounded);
    if (!parked.ok()) {
      StopWaiting(self, parked);
      return false;
    }
    self.wake->ResetNotification();
    const Participant::State state = self.state.load(std::memory_order_acquire);
    if (state == Participant::State::kDone || state == Participant::State::kLeading) {
      return state == Participant::State::kLeading;
    }
  }
}

void CommitGroup::StopWaiting(Participant& self, const Status& why) {
  Waiter settled;
  std::unique_lock lock(mutex_);
  self.stopped = why;
  if (self.state == Participant::State::kQueued) {
    std::erase(line_, &self);
    if (self.unit != nullptr) {
      self.unit->status = why;
    }
    return;
  }
  if (self.state == Participant::State::kTaken) {
    // Too late: only the leader knows how it ends. That takes one disk operation, and no stop may
    // end this wait, so it is not the host's.
    self.wake = &settled;
    lock.unlock();
    (void)settled.Park(host_.clock(), Deadline::Never(), {});
    lock.lock();
  }
  const bool leads = self.state == Participant::State::kLeading;
  lock.unlock();
  { const std::lock_guard woken(waking_mutex_); }
  if (leads) {
    if (self.unit != nullptr) {
      self.unit->status = why;
    }
    HandOver(self, Batch());
  }
}

void CommitGroup::Lead(Participant& self, Batch& batch) {
  StatusOr<Lease> writer = database_.AcquireWriter(*self.call);
  if (!writer.ok()) {
    self.unit->status = writer.status();
    return;
  }
  Connection& connection = **writer;
  connection.WaitFor(self.call, self.busy_until);
  if (self.is_alone && crowd_ <= 1) {
    self.unit->RunAlone(connection, *self.call);
    return;
  }
  batch.Add(&self);
  const Status status = RunTogether(connection, Source::kLine, batch);
  if (!status.ok()) {
    self.unit->status = status;
    PutBack(self, batch);
  }
}

// Ends `self`'s leadership: the next in the line leads, and the batch learns its outcome.
void CommitGroup::HandOver(const Participant& self, const Batch& finished) {
  std::unique_lock lock(mutex_);
  crowd_ = std::max<size_t>(finished.count, 1) + line_.size();
  Participant* next = nullptr;
  if (!line_.empty()) {
    next = line_.front();
    line_.pop_front();
    next->state.store(Participant::State::kLeading, std::memory_order_release);
  }
  has_leader_ = next != nullptr;
  for (Participant* member : finished.all()) {
    member->state.store(Participant::State::kDone, std::memory_order_release);
  }
  if (next == nullptr && finished.count == 0) {
    return;
  }
  const std::lock_guard waking(waking_mutex_);
  lock.unlock();
  // A member is gone as soon as it was woken.
  if (next != nullptr) {
    next->wake->Notify();
  }
  for (Participant* member : finished.all()) {
    if (member != &self) {
      member->wake->Notify();
    }
  }
}

// Carries out the batch and whoever joins it until the commit. An error is why the transaction did
// not come about for its leader; the others, if any, have been given nothing then.
Status CommitGroup::RunTogether(Connection& connection, Source source, Batch& batch) {
  RETURN_IF_ERROR(connection.Run(Transaction::kBeginImmediate));
  const bool is_intact = RunMembers(connection, source, batch);
  const Status committed =
      is_intact ? connection.Run(Transaction::kCommit) : ResourceExhausted("rolled back");
  if (committed.ok()) {
    return committed;
  }
  const bool was_busy = connection.was_busy();
  connection.RollBack();
  if (is_intact && was_busy) {
    return committed;
  }
  return Recover(connection, committed, batch);
}

// False: SQLite rolled everything back.
bool CommitGroup::RunMembers(Connection& connection, Source source, Batch& batch) {
  size_t next = 0;
  size_t pauses = source == Source::kLine && database_.waits_for_disk() ? kMostPauses : 0;
  do {
    for (; next < batch.count; ++next) {
      Participant& member = *batch.members[next];
      if (source == Source::kDeferred) {
        member.unit->status = database_.CheckCall(*member.call);
        if (!member.unit->status.ok()) {
          continue;
        }
      }
      if (!member.unit->RunInside(connection, *member.call)) {
        return false;
      }
    }
  } while (Take(source, batch) != 0 || Gather(batch, pauses) != 0);
  return true;
}

// Lets those come who are on their way: the writers of the last batch have just been woken, and the
// commit costs far more than the time they need. How many joined.
size_t CommitGroup::Gather(Batch& batch, size_t& pauses) {
  for (; pauses > 0 && batch.count < crowd_; --pauses) {
    std::this_thread::yield();
    const size_t joined = Take(Source::kLine, batch);
    if (joined != 0) {
      return joined;
    }
  }
  return 0;
}

Status CommitGroup::Recover(Connection& connection, const Status& cause, const Batch& batch) {
  for (Participant* member : batch.all()) {
    if (MayFitAlone(cause)) {
      member->unit->RunAlone(connection, *member->call);
    } else {
      member->unit->status = cause;
    }
  }
  return OkStatus();
}

// How many joined the batch.
size_t CommitGroup::Take(Source source, Batch& batch) {
  const size_t before = batch.count;
  const std::lock_guard lock(mutex_);
  if (source == Source::kDeferred) {
    for (; !deferred_.empty() && !batch.is_full(); deferred_.pop_front()) {
      batch.Add(deferred_.front());
    }
    return batch.count - before;
  }
  for (; !line_.empty() && line_.front()->unit != nullptr && !batch.is_full(); line_.pop_front()) {
    line_.front()->state.store(Participant::State::kTaken, std::memory_order_release);
    batch.Add(line_.front());
  }
  return batch.count - before;
}

// The leader gave up waiting for a lock: the others stand in the line again, in their order. What
// stays in the batch has given up as well.
void CommitGroup::PutBack(const Participant& leader, Batch& batch) {
  Batch ended;
  const std::lock_guard lock(mutex_);
  for (size_t i = batch.count; i-- > 0;) {
    Participant* member = batch.members[i];
    if (member == &leader) {
      continue;
    }
    if (!member->stopped.ok()) {
      member->unit->status = member->stopped;
      ended.Add(member);
      continue;
    }
    member->state.store(Participant::State::kQueued, std::memory_order_release);
    line_.push_front(member);
  }
  batch = ended;
}

void CommitGroup::Defer(std::unique_ptr<DeferredWrite> write) {
  write->busy_until = host_.clock().Now() + database_.settings().busy_timeout;
  bool needs_job = false;
  {
    const std::lock_guard lock(mutex_);
    deferred_.push_back(write.release());
    needs_job = !std::exchange(has_job_, true);
  }
  if (needs_job) {
    host_.PostBlocking([this] { RunDeferred(); });
  }
}

// This object may be gone once no write is left: nothing of it is touched after the last batch was
// completed.
void CommitGroup::RunDeferred() {
  for (bool has_more = true; has_more;) {
    Waiter waiter;
    CallContext call;
    call.waiter = &waiter;
    call.may_block = true;
    Participant self;
    self.call = &call;
    self.wake = &waiter;
    if (!JoinOrLead(self) && !AwaitTurnOfJob(self)) {
      return;
    }
    Batch batch;
    LeadDeferred(self, batch);
    {
      const std::lock_guard lock(mutex_);
      has_more = !deferred_.empty();
      has_job_ = has_more;
    }
    HandOver(self, Batch());
    Complete(batch.all());
  }
}

// False: every write was stopped, and the job has ended.
bool CommitGroup::AwaitTurnOfJob(Participant& self) {
  for (;;) {
    // Short, and therefore no wait of the host's, which a suspend would end at once each time.
    const Deadline step = Deadline::After(host_.clock().Now(), kJobStep);
    if (self.wake->Park(host_.clock(), step, {}).ok()) {
      self.wake->ResetNotification();
      if (self.state.load(std::memory_order_acquire) == Participant::State::kLeading) {
        break;
      }
    }
    Batch failed;
    std::unique_lock lock(mutex_);
    if (self.state == Participant::State::kLeading) {
      lock.unlock();
      const std::lock_guard woken(waking_mutex_);
      break;
    }
    TakeFailed(OkStatus(), false, failed);
    const bool is_idle = deferred_.empty();
    if (is_idle) {
      std::erase(line_, &self);
      has_job_ = false;
    }
    lock.unlock();
    Complete(failed.all());
    if (is_idle) {
      return false;
    }
  }
  return true;
}

void CommitGroup::LeadDeferred(Participant& self, Batch& batch) {
  Status status;
  bool is_final = true;
  {
    StatusOr<Lease> writer = database_.AcquireWriter(*self.call);
    if (writer.ok()) {
      (*writer)->WaitFor(self.call, host_.clock().Now() + kJobStep);
      status = RunTogether(**writer, Source::kDeferred, batch);
      // Busy: those that have time left try again, unless the runtime is being stopped.
      is_final = !(*writer)->was_busy() || self.wake->stop_cause() != StopCause::kNone;
    } else {
      status = writer.status();
    }
  }
  if (status.ok()) {
    return;
  }
  const std::lock_guard lock(mutex_);
  for (size_t i = batch.count; i-- > 0;) {
    deferred_.push_front(static_cast<DeferredWrite*>(batch.members[i]));
  }
  batch.count = 0;
  TakeFailed(status, is_final, batch);
}

// Moves the deferred writes that must not wait longer to `failed`. Under the lock.
void CommitGroup::TakeFailed(const Status& cause, bool is_final, Batch& failed) {
  const SteadyTime now = host_.clock().Now();
  for (auto next = deferred_.begin(); next != deferred_.end() && !failed.is_full();) {
    DeferredWrite& write = **next;
    Status& status = write.unit->status;
    status = database_.CheckCall(*write.call);
    if (status.ok() && !cause.ok() && (is_final || now >= write.busy_until)) {
      status = cause;
    }
    if (status.ok()) {
      ++next;
      continue;
    }
    failed.Add(&write);
    next = deferred_.erase(next);
  }
}

}  // namespace mecha::components
