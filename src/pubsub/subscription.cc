// SPDX-License-Identifier: Apache-2.0
// Subscription's life: start, window, stop.
#include "pubsub/subscription.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "result/status_or.h"

namespace mecha {
namespace {

// More messages than this, and a window, do not wait here for another try or for their end at the
// broker; no more are taken until some went.
constexpr size_t kMostPausing = 1000;
// How often a wait on the lent loop looks up.
constexpr Duration kLoopStep = std::chrono::milliseconds(10);

}  // namespace

Subscription::Subscription(Way way, std::shared_ptr<RuntimeHost> host)
    : block_(way.block),
      spec_(std::move(way.spec)),
      names_{block_.service().identity().name, spec_.topic, std::move(way.name)},
      router_(std::move(way.router)),
      find_handler_(std::move(way.find_handler)),
      host_(std::move(host)),
      broker_delays_(block_.service().info().SupportOf("delayed_return") == Support::kNative) {}

Subscription::~Subscription() = default;

Status Subscription::Start(const CallContext& call) {
  std::vector<std::pair<std::string_view, std::string_view>> metadata;
  metadata.reserve(spec_.metadata.size());
  for (const SubscriptionMetadata& entry : spec_.metadata) {
    metadata.emplace_back(entry.name, entry.value);
  }
  const std::string topic = block_.BrokerTopic(spec_.topic);
  SubscribeRequest request;
  request.topic = topic;
  request.group = block_.options().consumer_group;
  const std::string consumer = block_.NewConsumerName();
  request.consumer = consumer;
  request.metadata = metadata;
  if (is_open()) {
    return FailedPrecondition("the subscription ends just now; it can start again afterwards");
  }
  auto feed = block_.component().Subscribe(call, request, *this);
  const std::lock_guard lock(mutex_);
  health_ = feed.status();
  RETURN_IF_ERROR(feed.status());
  feed_ = *std::move(feed);
  ++feeds_;
  lease_ = feed_->lease();
  window_ = 0;
  requested_ = 0;
  is_stopping_ = false;
  is_feed_stopped_ = false;
  return OkStatus();
}

void Subscription::SetWindow(size_t window, std::shared_ptr<Executor> handlers) {
  {
    const FeedUse feed(*this);
    if (!feed.is_closed()) {
      feed->DeliverOn(std::move(handlers));
    }
  }
  {
    const std::lock_guard lock(mutex_);
    window_ = window;
  }
  TopUp();
}

void Subscription::TopUp() {
  std::optional<FeedUse> feed;
  size_t more = 0;
  {
    const std::lock_guard lock(mutex_);
    more = TakeWishLocked();
    if (more == 0) {
      return;
    }
    feed.emplace(*this, lock);
  }
  (*feed)->Request(more);
}

// How many more to request now. Asks for a good part of the window at once, so that brokers can
// deliver several together; but never waits with an empty hand for more to be free.
size_t Subscription::TakeWishLocked() {
  const size_t busy = CountLocked(HeldMessage::Phase::kArriving) +
                      CountLocked(HeldMessage::Phase::kWithHandler) + requested_;
  const size_t waiting =
      CountLocked(HeldMessage::Phase::kPausing) + CountLocked(HeldMessage::Phase::kEnding);
  if (feed_ == nullptr || is_stopping_ || busy >= window_ || waiting >= kMostPausing + window_) {
    return 0;
  }
  const size_t more = window_ - busy;
  if (requested_ > 0 && more < window_ / 4) {
    return 0;
  }
  requested_ += more;
  return more;
}

void Subscription::BeginStop() {
  const FeedUse feed(*this);
  std::vector<HeldPtr> pausing;
  uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    number = feeds_;
    if (feed.is_closed() || is_stopping_.exchange(true)) {
      return;
    }
    ++calls_;
    pausing = held_.Collect(
        [](const HeldMessage& message) { return message.phase == HeldMessage::Phase::kPausing; });
  }
  feed->Stop([self = shared_from_this(), number](const Status&) {
    const std::lock_guard lock(self->mutex_);
    self->is_feed_stopped_ |= number == self->feeds_;
    self->EndCallLocked();
  });
  for (const HeldPtr& message : pausing) {
    OfferAgain(message);  // which gives it back
  }
  for (const auto& handler : Handlers()) {
    handler->Withdraw(*this);
  }
}

template <class IsQuiet>
bool Subscription::Await(Deadline deadline, IsQuiet is_quiet) {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!is_quiet()) {
    const Duration left = deadline.Remaining(Now());
    if (left == Duration::zero()) {
      return false;
    }
    if (host_->host_runs_loop()) {
      lock.unlock();
      host_->loop().Run(std::min(left, kLoopStep));
      lock.lock();
    } else {
      // In steps, because tests move the clock.
      changed_.wait_for(lock, std::min<Duration>(left, std::chrono::milliseconds(100)));
    }
  }
  return true;
}

bool Subscription::AwaitHandlers(Deadline deadline) {
  return Await(deadline, [this] {
    return CountLocked(HeldMessage::Phase::kWithHandler) +
               CountLocked(HeldMessage::Phase::kArriving) ==
           0;
  });
}

void Subscription::Abandon() {
  for (const auto& handler : Handlers()) {
    handler->Abandon(this);
  }
}

// Who has a message of it.
std::set<std::shared_ptr<Registration>> Subscription::Handlers() const {
  const std::lock_guard lock(mutex_);
  std::set<std::shared_ptr<Registration>> handlers;
  for (const HeldPtr& message : held_.Collect(
           [](const HeldMessage& one) { return one.phase == HeldMessage::Phase::kWithHandler; })) {
    handlers.insert(message->handler);
  }
  return handlers;
}

bool Subscription::AwaitSettled(Deadline deadline) {
  return Await(deadline, [this] {
    return held_.size() == 0 && calls_ == 0 && (feed_ == nullptr || is_feed_stopped_);
  });
}

void Subscription::Close() {
  std::unique_ptr<Feed> feed;
  uint64_t timer = 0;
  std::string unconfirmed;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    is_stopping_ = true;
    timer = std::exchange(renewal_timer_, 0);
    unconfirmed = UnconfirmedLocked();
    feed = std::move(feed_);
    changed_.wait(lock, [this] { return uses_ == 0; });
  }
  if (timer != 0) {
    host_->CancelTimer(timer);
  }
  if (!unconfirmed.empty()) {
    host_->Log(Severity::kWarning, names_.component, unconfirmed);
  }
  StopForwarding();
  feed.reset();  // what it still owed has reported now
  const std::vector<HeldPtr> left = Left();
  for (const HeldPtr& message : left) {
    message->GiveUp();
  }
  Abandon();
  for (const HeldPtr& message : left) {
    Forget(message);
  }
}

// What to say of a broker that has not answered in time; else nothing.
std::string Subscription::UnconfirmedLocked() const {
  if (feed_ == nullptr || (is_feed_stopped_ && held_.size() == 0)) {
    return {};
  }
  std::string text = "subscription to \"" + spec_.topic + "\": the broker did not confirm in time ";
  text += is_feed_stopped_ ? "what became of its messages" : "that it has ended";
  if (held_.size() > 0) {
    text += "; messages that may come again: " + std::to_string(held_.size());
  }
  return text;
}

std::vector<HeldPtr> Subscription::Left() const {
  const std::lock_guard lock(mutex_);
  return held_.Collect([](const HeldMessage&) { return true; });
}

void Subscription::StopForwarding() {
  std::vector<std::shared_ptr<Waiter>> waiters;
  {
    const std::lock_guard lock(mutex_);
    for (const HeldPtr& message :
         held_.Collect([](const HeldMessage& one) { return one.forwarding != nullptr; })) {
      waiters.push_back(message->forwarding);
    }
  }
  for (const auto& waiter : waiters) {
    waiter->Stop(StopCause::kCancelled);
  }
}

bool Subscription::is_open() const {
  const std::lock_guard lock(mutex_);
  return feed_ != nullptr;
}

bool Subscription::is_live() const {
  const std::lock_guard lock(mutex_);
  return feed_ != nullptr && !is_stopping_;
}

Status Subscription::health() const {
  const std::lock_guard lock(mutex_);
  return health_;
}

Subscription::Tally Subscription::tally() const {
  const std::lock_guard lock(mutex_);
  return tally_;
}

void Subscription::OnHealth(const Status& health) {
  {
    const std::lock_guard lock(mutex_);
    health_ = health;
  }
  const std::string where = "subscription to \"" + spec_.topic + "\": ";
  if (health.ok()) {
    host_->Log(Severity::kInfo, names_.component, where + "messages come again");
  } else {
    host_->Log(Severity::kWarning, names_.component,
               where + "no messages come: " + std::string(health.message()));
  }
}

Subscription::FeedUse::FeedUse(Subscription& subscription)
    : FeedUse(subscription, std::lock_guard(subscription.mutex_)) {}

Subscription::FeedUse::FeedUse(Subscription& subscription,
                               const std::lock_guard<ShortMutex>& /*held*/)
    : subscription_(subscription), feed_(subscription.feed_.get()) {
  subscription_.uses_ += feed_ == nullptr ? 0 : 1;
}

Subscription::FeedUse::~FeedUse() {
  // Whoever stops sees that there is no use left, or is seen here.
  if (feed_ != nullptr && --subscription_.uses_ == 0 && subscription_.is_stopping_) {
    const std::lock_guard lock(subscription_.mutex_);
    subscription_.changed_.notify_all();
  }
}

uint64_t Subscription::Count(uint64_t Tally::*what) {
  const std::lock_guard lock(mutex_);
  return ++(tally_.*what);
}

void Subscription::BeginCall() {
  const std::lock_guard lock(mutex_);
  ++calls_;
}

void Subscription::EndCall() {
  const std::lock_guard lock(mutex_);
  EndCallLocked();
}

void Subscription::EndCallLocked() {
  if (--calls_ == 0 && is_stopping_) {
    changed_.notify_all();
  }
}

}  // namespace mecha
