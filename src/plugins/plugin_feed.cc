// SPDX-License-Identifier: Apache-2.0
#include "plugins/plugin_feed.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "plugins/plugin_task.h"

namespace mecha {
namespace {

// A settlement that was not answered by then is tried again.
constexpr Duration kMostSettleTime = std::chrono::minutes(1);

// The call that a function of a feed has in place of an operation's: nobody stops it.
struct FeedCall {
  explicit FeedCall(Deadline deadline) {
    call.deadline = deadline;
    call.waiter = &waiter;
  }
  Waiter waiter;
  CallContext call;
};

// A task of a feed, which its inbox counts. It reports through the inbox when the plug-in is on the
// stack.
template <class T>
class FeedTask final : private FeedCall, public PluginTaskOf<T> {
 public:
  using Answering = typename PluginTaskOf<T>::Answering;

  FeedTask(std::shared_ptr<PluginHost> host, std::shared_ptr<FeedInbox> inbox, Deadline deadline,
           Answering answering, Done<T> done)
      : FeedCall(deadline),
        PluginTaskOf<T>(std::move(host), call, answering, std::move(done)),
        inbox_(std::move(inbox)) {
    inbox_->BeginTask();
  }

  template <class Begin>
  void Start(Begin begin) {
    this->Run(call, std::move(begin));
  }
  const void* owner() const override { return inbox_.get(); }

 private:
  void Deliver() override {
    PluginTaskOf<T>::Deliver();
    inbox_->EndTask();
  }
  void Report() override { inbox_->Report(this->shared_from_this()); }

  const std::shared_ptr<FeedInbox> inbox_;
};

}  // namespace

PluginFeed::PluginFeed(std::shared_ptr<const PluginType> type, std::shared_ptr<PluginHost> host,
                       FeedListener& listener)
    : type_(std::move(type)),
      host_(std::move(host)),
      inbox_(std::make_shared<FeedInbox>(host_->host(), listener)),
      number_(host_->feeds().Add(inbox_)) {}

PluginFeed::~PluginFeed() {
  inbox_->BeginClose();
  host_->EndTasksOf(inbox_.get(), Cancelled("the subscription ended before the plug-in answered"));
  inbox_->EndClose();
  if (self_ != nullptr) {
    functions().close_feed(self_);
  }
  host_->feeds().Remove(number_);
}

void PluginFeed::ReadLease() {
  if (functions().lease_ns != nullptr) {
    lease_ = std::max(Duration::zero(), Duration(functions().lease_ns(self_)));
  }
}

template <class T, class Start>
void PluginFeed::Ask(Duration most_time, ReadOutcome<T> read, size_t expected, Start start,
                     Done<T> done) {
  const Deadline deadline = Deadline::After(host_->host().clock().Now(), most_time);
  std::make_shared<FeedTask<T>>(
      host_, inbox_, deadline,
      typename FeedTask<T>::Answering{.read = read, .expected = expected, .kind = TaskKind::kRead},
      std::move(done))
      ->Start(std::move(start));
}

void PluginFeed::Request(size_t more) {
  inbox_->AddCredit(more);
  functions().request(self_, more);
}

void PluginFeed::Settle(const Settlement& settlement, Settled done) {
  mecha_feed_settle request{};
  request.struct_size = sizeof request;
  request.kind =
      settlement.kind == Settlement::Kind::kDone ? MECHA_SETTLE_DONE : MECHA_SETTLE_RETURN;
  request.number = settlement.number;
  request.delay_ns = settlement.delay.count();
  request.flags = settlement.is_unseen ? uint32_t{MECHA_SETTLE_UNSEEN} : 0;
  Ask<int>(
      kMostSettleTime, ReadNothing, 0,
      [&](mecha_task task) { functions().settle(self_, task, &request); },
      [host = host_.get(), done = std::move(done)](StatusOr<int> answer) mutable {
        host->WarnOfInternal("settle", answer.status());
        std::move(done)(std::move(answer).status());
      });
}

void PluginFeed::Renew(std::span<const uint64_t> numbers, Done<std::vector<uint64_t>> lost) {
  mecha_feed_renew request{};
  request.struct_size = sizeof request;
  request.numbers = numbers.data();
  request.number_count = numbers.size();
  Ask<std::vector<uint64_t>>(
      lease_, ReadLost, numbers.size(),
      [&](mecha_task task) { functions().renew(self_, task, &request); },
      [host = host_.get(), asked = std::vector<uint64_t>(numbers.begin(), numbers.end()),
       lost = std::move(lost)](StatusOr<std::vector<uint64_t>> places) mutable {
        host->WarnOfInternal("renew", places.status());
        if (places.ok()) {
          std::ranges::transform(*places, places->begin(), [&](uint64_t i) { return asked[i]; });
        }
        std::move(lost)(std::move(places));
      });
}

void PluginFeed::Stop(Settled stopped) {
  inbox_->BeginStop();
  Ask<int>(
      Duration::max(), ReadNothing, 0, [&](mecha_task task) { functions().stop(self_, task); },
      [host = host_.get(), inbox = inbox_,
       stopped = std::move(stopped)](const StatusOr<int>& answer) mutable {
        host->WarnOfInternal("stop", answer.status());
        inbox->EndStop(std::move(stopped));
      });
}

}  // namespace mecha
