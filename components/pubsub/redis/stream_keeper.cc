// SPDX-License-Identifier: Apache-2.0
#include "stream_keeper.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace MECHA_COMPONENT {
namespace {

using What = KeeperJob::What;

// So many ids in a command: Lua hands some thousands on at most.
constexpr size_t kMostInCommand = 1000;

Status Lost() {
  return Status(StatusCode::kNotFound,
                "this consumer does not hold the message any more: its lease ended and another one "
                "took it, or it was settled");
}

}  // namespace

// A plain XACK lets go for anybody, so it is for a lease that surely runs.
What StreamKeeper::KindOf(const Settlement& settlement, const StreamHand::Item& item) const {
  if (settlement.kind == Settlement::Kind::kReturn) {
    return settlement.is_unseen ? What::kUntake : What::kReturn;
  }
  const Duration lease = options_.processing_timeout;
  const bool is_safe =
      lease == Duration::zero() || host_.clock().Now() - item.held_since < lease / 3 * 2;
  return is_safe ? What::kAcknowledge : What::kCheckAndAcknowledge;
}

void StreamKeeper::Settle(const Settlement& settlement, Settled done) {
  const std::optional<StreamHand::Item> item = hand_.BeginSettle(settlement.number);
  if (!item.has_value()) {
    std::move(done)(Lost());
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    pending_.push_back({*item, KindOf(settlement, *item), std::move(done)});
    if (std::exchange(is_flush_posted_, true)) {
      return;
    }
  }
  host_.Post([self = shared_from_this()] { self->Flush(); });
}

void StreamKeeper::Flush() {
  std::vector<Pending> pending;
  {
    const std::lock_guard lock(mutex_);
    pending.swap(pending_);
    is_flush_posted_ = false;
  }
  for (const What what :
       {What::kAcknowledge, What::kCheckAndAcknowledge, What::kReturn, What::kUntake}) {
    KeeperJob job;
    for (Pending& one : pending) {
      if (one.what != what) {
        continue;
      }
      job.what = what;
      job.numbers.push_back(one.item.number);
      job.ids.push_back(one.item.id);
      if (job.callers == nullptr) {
        job.callers = std::make_shared<KeeperCallers>();
      }
      job.callers->settled.push_back(std::move(one.done));
      if (job.ids.size() == kMostInCommand) {
        Submit(std::exchange(job, KeeperJob()));
      }
    }
    if (!job.ids.empty()) {
      Submit(std::move(job));
    }
  }
}

void StreamKeeper::Submit(KeeperJob job) {
  if (job.callers != nullptr && job.what != What::kLeave) {
    const std::lock_guard lock(mutex_);
    waiting_.insert(job.callers);
  }
  const Deadline deadline = Deadline::After(host_.clock().Now(), patience_);
  channel_->Submit(
      std::make_unique<KeeperRequest>(shared_from_this(), place_, deadline, std::move(job)));
}

namespace {

// Several commands that renew for one caller. Each part's `done` runs on its own thread.
struct JoinedRenewal {
  std::mutex mutex;
  size_t open = 0;
  std::vector<uint64_t> lost;
  Status status;
  Done<std::vector<uint64_t>> done;

  void Add(StatusOr<std::vector<uint64_t>> part) {
    {
      const std::lock_guard lock(mutex);
      if (part.ok()) {
        lost.insert(lost.end(), part->begin(), part->end());
      } else {
        status = part.status();
      }
      if (--open > 0) {
        return;
      }
    }
    if (status.ok()) {
      std::move(done)(std::move(lost));
    } else {
      std::move(done)(status);
    }
  }
};

}  // namespace

void StreamKeeper::Renew(std::span<const uint64_t> numbers, Done<std::vector<uint64_t>> lost) {
  const auto joined = std::make_shared<JoinedRenewal>();
  joined->done = std::move(lost);
  std::vector<KeeperJob> jobs;
  for (const uint64_t number : numbers) {
    const std::optional<StreamHand::Item> item = hand_.Find(number);
    if (!item.has_value()) {
      joined->lost.push_back(number);
      continue;
    }
    if (jobs.empty() || jobs.back().ids.size() == kMostInCommand) {
      jobs.emplace_back().what = What::kKeep;
    }
    jobs.back().numbers.push_back(number);
    jobs.back().ids.push_back(item->id);
  }
  joined->open = jobs.size() + 1;
  for (KeeperJob& job : jobs) {
    job.begun = host_.clock().Now();
    job.callers = std::make_shared<KeeperCallers>();
    job.callers->lost = [joined](StatusOr<std::vector<uint64_t>> part) {
      joined->Add(std::move(part));
    };
    Submit(std::move(job));
  }
  joined->Add(std::vector<uint64_t>());
}

void StreamKeeper::EndWait() {
  KeeperJob job;
  job.what = What::kUnblock;
  job.client = hand_.waiting_client.load();
  if (job.client != 0) {
    Submit(std::move(job));
  }
}

void StreamKeeper::GiveUp() {
  Flush();
  is_over_ = true;
  if (!hand_.empty()) {
    const std::vector<StreamId> ids = hand_.SettleAll();
    size_t first = 0;
    do {  // also without any, behind what is under way
      const size_t end = std::min(ids.size(), first + kMostInCommand);
      KeeperJob job;
      job.what = What::kLeave;
      job.ids.assign(ids.data() + first, ids.data() + end);
      Submit(std::move(job));
      first = end;
    } while (first < ids.size());
  }
  const Status ended(StatusCode::kUnavailable,
                     "the subscription ended before the server's answer came");
  for (;;) {
    KeeperJob job;
    {
      std::unique_lock lock(mutex_);
      if (waiting_.empty()) {
        told_.wait(lock, [this] {
          return std::all_of(telling_.begin(), telling_.end(), [](std::thread::id teller) {
            return teller == std::this_thread::get_id();
          });
        });
        return;
      }
      job.callers = *waiting_.begin();
    }
    Tell(job, ended);
  }
}

// Each caller is told once, by whoever takes it out.
std::shared_ptr<KeeperCallers> StreamKeeper::TakeCallers(
    const std::shared_ptr<KeeperCallers>& callers) {
  const std::lock_guard lock(mutex_);
  if (callers == nullptr || waiting_.erase(callers) == 0) {
    return nullptr;
  }
  telling_.push_back(std::this_thread::get_id());
  return callers;
}

void StreamKeeper::NoteTold() {
  const std::lock_guard lock(mutex_);
  telling_.erase(std::find(telling_.begin(), telling_.end(), std::this_thread::get_id()));
  told_.notify_all();
}

// `fallback`: where the job has no status for each.
void StreamKeeper::Tell(const KeeperJob& job, const Status& fallback) {
  const std::shared_ptr<KeeperCallers> callers = TakeCallers(job.callers);
  if (callers == nullptr) {
    return;
  }
  if (callers->lost) {
    std::move(callers->lost)(fallback);
  }
  for (size_t i = 0; i < callers->settled.size(); ++i) {
    std::move(callers->settled[i])(i < job.statuses.size() ? job.statuses[i] : fallback);
  }
  NoteTold();
}

void StreamKeeper::FinishRenewal(const KeeperJob& job, Status status,
                                 const std::vector<size_t>& lost) {
  if (!status.ok() && !IsNotFound(status)) {
    Tell(job, status);
    return;
  }
  std::vector<uint64_t> gone;
  if (IsNotFound(status)) {
    gone = job.numbers;
  }
  for (const size_t index : lost) {
    gone.push_back(job.numbers[index]);
  }
  for (const uint64_t number : job.numbers) {
    hand_.Renew(number, job.begun);
  }
  hand_.Forget(gone);
  if (const std::shared_ptr<KeeperCallers> callers = TakeCallers(job.callers)) {
    std::move(callers->lost)(std::move(gone));
    NoteTold();
  }
}

// After a settlement that the server took: true when it was the last one, and the consumer is to
// leave.
bool StreamKeeper::IsLast(const KeeperJob& job) {
  if (job.what == What::kReturn || job.what == What::kUntake) {
    hand_.has_returned = true;
    EndWait();
  }
  return hand_.is_stopped && hand_.empty() && !is_over_;
}

void StreamKeeper::Finish(KeeperJob job, Status status, const std::vector<size_t>& lost) {
  if (job.what == What::kUnblock) {
    return;  // where it is not allowed the wait ends by itself soon
  }
  if (job.what == What::kKeep) {
    FinishRenewal(job, std::move(status), lost);
    return;
  }
  if (job.what != What::kLeave) {
    hand_.Forget(job.numbers);
    job.statuses.assign(job.ids.size(), status);
    for (const size_t index : lost) {
      job.statuses[index] = Lost();
    }
    if (!status.ok()) {
      hand_.may_have_strays = true;
    } else if (IsLast(job)) {
      job.what = What::kLeave;
      job.ids.clear();
      Submit(std::move(job));
      return;
    }
  }
  Tell(job, status);
}

}  // namespace MECHA_COMPONENT
