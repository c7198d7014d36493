// SPDX-License-Identifier: Apache-2.0
// KeeperRequest: one command of a StreamKeeper on the shared channel: an acknowledgement, a renewal
// or a return of many entries at once, or a word to the server about the consumer. What its outcome
// means is the keeper's. As RedisRequest says.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "call/waiter.h"
#include "contract/call_context.h"
#include "redis/redis_request.h"
#include "redis/redis_script.h"
#include "result/done.h"
#include "result/status.h"
#include "stream_commands.h"
#include "stream_hand.h"

namespace MECHA_COMPONENT {

// Who waits for a job's outcome. Whoever takes it out of the keeper's list calls them.
struct KeeperCallers {
  std::vector<Settled> settled;      // one for each id
  Done<std::vector<uint64_t>> lost;  // of a renewal
};

struct KeeperJob {
  enum class What : uint8_t {
    kAcknowledge,
    kCheckAndAcknowledge,
    kKeep,
    kReturn,
    kUntake,
    kLeave,
    kUnblock
  };
  What what = What::kAcknowledge;
  std::vector<uint64_t> numbers;  // of `ids`; none for what was never delivered
  std::vector<StreamId> ids;
  std::shared_ptr<KeeperCallers> callers;  // null where nobody waits
  std::vector<Status> statuses;            // what to tell those who settle, once that is known
  SteadyTime begun{};                      // before it was sent
  int64_t client = 0;                      // of kUnblock
};

// Whoever is told the outcome. `lost`: the places in job.ids of those that others hold.
class KeeperJobs {
 public:
  virtual ~KeeperJobs() = default;
  virtual void Finish(KeeperJob job, Status status, const std::vector<size_t>& lost) = 0;
};

// A call of our own, which nobody stops but its deadline.
struct KeeperCall {
  explicit KeeperCall(Deadline deadline) {
    context.deadline = deadline;
    context.waiter = &waiter;
  }
  Waiter waiter;
  CallContext context;
};

class KeeperRequest final : private KeeperCall, public RedisRequest {
 public:
  KeeperRequest(std::shared_ptr<KeeperJobs> keeper, const StreamPlace& place, Deadline deadline,
                KeeperJob job)
      : KeeperCall(deadline),
        RedisRequest(context),
        keeper_(std::move(keeper)),
        place_(place),
        job_(std::move(job)) {}

  void AddCommand(RedisCommands& commands) override;
  bool Take(Reply& reply) override;
  void Fail(Status status) override { status_ = std::move(status); }
  void Complete() override { keeper_->Finish(std::move(job_), std::move(status_), lost_); }
  bool is_write() const override { return job_.what != KeeperJob::What::kUnblock; }

 private:
  std::shared_ptr<KeeperJobs> keeper_;
  const StreamPlace& place_;  // the keeper's
  KeeperJob job_;
  ScriptForm form_ = ScriptForm::kHash;
  Status status_;
  std::vector<size_t> lost_;
};

// Whether the server says that the stream or the group is gone.
bool IsNoGroup(std::string_view error);

}  // namespace MECHA_COMPONENT
