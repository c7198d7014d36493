// SPDX-License-Identifier: Apache-2.0
// CommitGroup: the line in front of the one writer connection. Whoever finds no leader leads: it
// carries out its own writes and those of everybody who waits, in one transaction, and hands over.
// So a lone writer pays for one statement, and many share one wait for the disk.
//
// A batch led by a blocking caller holds only parked blocking callers; each runs its own `done`. A
// caller that is stopped before its writes were taken leaves the line; after that it waits for the
// outcome. Writes that may not block are carried out by a job of the blocking pool, which stands in
// the line like a caller. Safe from any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <span>

#include "absl/functional/any_invocable.h"
#include "contract/host.h"
#include "sqlite/commit_unit.h"
#include "sqlite/database.h"

namespace mecha::components {

// One call in the line. On the caller's stack while it is parked.
struct Participant {
  enum class State : unsigned char { kQueued, kTaken, kDone, kLeading };

  const CallContext* call = nullptr;
  CommitUnit* unit = nullptr;  // null: a job, which waits to lead and is never taken
  // Written under the group's lock.
  std::atomic<State> state{State::kQueued};
  bool is_alone = false;  // it leads because nobody else was there
  // How long it may wait for another process's lock; max: busyTimeout from the first failure.
  SteadyTime busy_until = SteadyTime::max();
  Waiter* wake = nullptr;
  // Why the caller gave up while its writes were being carried out.
  Status stopped;
};

// A write that may not block, on the heap until it is complete.
class DeferredWrite : public Participant {
 public:
  // `writes` may be a member of the derived class.
  DeferredWrite(const CallContext& context, CommitUnit& writes) {
    call = &context;
    unit = &writes;
  }
  virtual ~DeferredWrite() = default;
  // Runs the caller's `done`. Called once, under no lock.
  virtual void Complete() = 0;
};

class CommitGroup {
 public:
  CommitGroup(Database& database, Host& host) : database_(database), host_(host) {}

  // Carries out `unit`; only where call.may_block. The outcome is in the unit.
  void Commit(const CallContext& call, CommitUnit& unit);
  // Completes later, on a pool thread.
  void Defer(std::unique_ptr<DeferredWrite> write);
  // Runs `work` on the writer's connection while nobody else writes.
  Status RunExclusive(const CallContext& call, absl::AnyInvocable<Status(Connection&) &&> work);

 private:
  // More than ever wait at once; the rest gets the next batch.
  static constexpr size_t kMostInBatch = 128;

  struct Batch {
    std::array<Participant*, kMostInBatch> members;
    size_t count = 0;

    bool is_full() const { return count == kMostInBatch; }
    std::span<Participant* const> all() const { return {members.data(), count}; }
    void Add(Participant* member) { members[count++] = member; }
  };
  enum class Source : unsigned char { kLine, kDeferred };

  bool JoinOrLead(Participant& self);
  bool AwaitTurn(Participant& self);
  void StopWaiting(Participant& self, const Status& why);
  void Lead(Participant& self, Batch& batch);
  void HandOver(const Participant& self, const Batch& finished);

  Status RunTogether(Connection& connection, Source source, Batch& batch);
  bool RunMembers(Connection& connection, Source source, Batch& batch);
  Status Recover(Connection& connection, const Status& cause, const Batch& batch);
  size_t Take(Source source, Batch& batch);
  size_t Gather(Batch& batch, size_t& pauses);
  void PutBack(const Participant& leader, Batch& batch);

  void RunDeferred();
  bool AwaitTurnOfJob(Participant& self);
  void LeadDeferred(Participant& self, Batch& batch);
  void TakeFailed(const Status& cause, bool is_final, Batch& failed);

  Database& database_;
  Host& host_;
  // Of whoever leads: how many wrote or waited at the end of the last batch.
  size_t crowd_ = 0;

  std::mutex mutex_;
  bool has_leader_ = false;
  bool has_job_ = false;
  std::deque<Participant*> line_;
  std::deque<DeferredWrite*> deferred_;
  // Held while a leader wakes its followers. One that learns its outcome without having slept waits
  // for it: its waiter must still be there when the leader wakes it. Taken after mutex_.
  std::mutex waking_mutex_;
};

}  // namespace mecha::components
