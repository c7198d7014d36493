// SPDX-License-Identifier: Apache-2.0
// Subscription: from a verdict back to the broker. Nothing is acknowledged before it was handled or
// is safe among the dead letters.
#include <algorithm>
#include <optional>
#include <utility>

#include "pubsub/subscription.h"

namespace mecha {
namespace {

constexpr Duration kFirstSettlePause = std::chrono::milliseconds(100);
constexpr Duration kLongestSettlePause = std::chrono::seconds(5);
constexpr Duration kForwardTimeout = std::chrono::seconds(30);
// When everything ends nobody waits longer.
constexpr Duration kForwardAtStop = std::chrono::seconds(1);

HeldPtr ToHeld(const MessagePtr& message) {
  return std::const_pointer_cast<HeldMessage>(std::static_pointer_cast<const HeldMessage>(message));
}

Duration Doubled(Duration first, Duration longest, uint32_t times) {
  Duration pause = first;
  for (uint32_t i = 0; i < times && pause > Duration::zero() && pause < longest; ++i) {
    pause = pause > longest / 2 ? longest : pause * 2;
  }
  return std::min(pause, longest);
}

}  // namespace

MessageSource::Then Subscription::OnAnswer(const MessagePtr& message, const Answer& answer) {
  const HeldPtr held = ToHeld(message);
  switch (answer.kind) {
    case Answer::Kind::kOk:
      Settle(held, {.kind = Settlement::Kind::kDone}, &Tally::handled);
      return Then::kIsOver;
    case Answer::Kind::kDrop:
      Drop(held);
      return Then::kIsOver;
    case Answer::Kind::kRetry:
    case Answer::Kind::kLate:
      return Retry(held, answer);
    case Answer::Kind::kUnseen:
      Settle(held, {.kind = Settlement::Kind::kReturn, .is_unseen = true});
      return Then::kIsOver;
    case Answer::Kind::kAbandoned:
      Settle(held, {.kind = Settlement::Kind::kReturn});
      return Then::kIsOver;
    case Answer::Kind::kLost:
      if (Forget(held)) {
        Count(&Tally::lost);
      }
      return Then::kIsOver;
  }
  return Then::kIsOver;
}

Duration Subscription::PauseBefore(uint32_t attempt) const {
  return Doubled(spec_.redelivery.interval, spec_.redelivery.longest_interval, attempt - 1);
}

MessageSource::Then Subscription::Retry(const HeldPtr& message, const Answer& answer) {
  Count(&Tally::retried);
  const uint32_t attempt = OfferOf(message).attempt;
  if (HasDeadLetters() && attempt >= spec_.redelivery.attempts) {
    SendToDeadLetters(message);
    return Then::kIsOver;
  }
  const Duration pause =
      answer.retry_after > Duration::zero() ? answer.retry_after : PauseBefore(attempt);
  const bool is_ordered =
      message->handler != nullptr && message->handler->options().ordering != Ordering::kNone;
  if ((!broker_delays_ || is_ordered) && Pause(message, pause)) {
    return Then::kComesAgain;
  }
  Settle(message,
         {.kind = Settlement::Kind::kReturn, .delay = broker_delays_ ? pause : Duration::zero()});
  return Then::kIsOver;
}

// In hand, with its lease renewed. False when it ended meanwhile, or everything ends.
bool Subscription::Pause(const HeldPtr& message, Duration pause) {
  {
    const std::lock_guard lock(mutex_);
    if (is_stopping_ || message->self == nullptr) {
      return false;
    }
    MoveLocked(*message, HeldMessage::Phase::kPausing);
    ++message->attempt;
    message->timer =
        host_->RunAfter(pause, [self = shared_from_this(), message] { self->OfferAgain(message); });
  }
  TopUp();
  return true;
}

// After its pause; or early, at a stop, and then it goes back.
void Subscription::OfferAgain(const HeldPtr& message) {
  auto phase = HeldMessage::Phase::kEnding;
  {
    const std::lock_guard lock(mutex_);
    if (message->self == nullptr || message->phase != HeldMessage::Phase::kPausing) {
      return;
    }
    CancelTimerLocked(*message);
    if (!is_stopping_) {
      phase = message->handler == nullptr ? HeldMessage::Phase::kArriving
                                          : HeldMessage::Phase::kWithHandler;
    }
    MoveLocked(*message, phase);
  }
  if (phase == HeldMessage::Phase::kWithHandler) {
    message->handler->OfferAgain(OfferOf(message));
    return;
  }
  if (message->handler != nullptr) {
    message->handler->Forget(*message);
  }
  if (phase == HeldMessage::Phase::kEnding) {
    Settle(message, {.kind = Settlement::Kind::kReturn});
  } else {
    Arrive(message);  // it was malformed; perhaps a newer version of a rule takes it
  }
}

void Subscription::Drop(const HeldPtr& message) {
  if (HasDeadLetters()) {
    SendToDeadLetters(message);
    return;
  }
  Count(&Tally::dropped);
  Settle(message, {.kind = Settlement::Kind::kDone});
}

void Subscription::SendToDeadLetters(const HeldPtr& message) {
  if (!MovesTo(*message, HeldMessage::Phase::kEnding)) {
    return;
  }
  TopUp();
  BeginCall();
  host_->PostBlocking([self = shared_from_this(), message] {
    self->Forward(message);
    self->EndCall();
  });
}

// On a pool thread.
void Subscription::Forward(const HeldPtr& message) {
  if (!Holds(*message)) {
    Forget(message);
    return;
  }
  const auto waiter = std::make_shared<Waiter>();
  CallContext call;
  call.waiter = waiter.get();
  call.may_block = true;
  {
    const std::lock_guard lock(mutex_);
    if (message->self == nullptr) {
      return;
    }
    message->forwarding = waiter;
    call.deadline = Deadline::After(Now(), is_stopping_ ? kForwardAtStop : kForwardTimeout);
  }
  Status forwarded;
  block_.Forward(call, spec_.dead_letter_topic, message->delivery,
                 [&forwarded](const Status& status) { forwarded = status; });
  if (!forwarded.ok()) {
    TryAgainLater(message, &Subscription::SendToDeadLetters);
    return;
  }
  Count(&Tally::dead_lettered);
  Settle(message, {.kind = Settlement::Kind::kDone});
}

// For every message: all that needs the lock is done at once.
void Subscription::Settle(const HeldPtr& message, const Settlement& settlement,
                          uint64_t Tally::*what) {
  std::optional<FeedUse> feed;
  size_t more = 0;
  {
    const std::lock_guard lock(mutex_);
    if (what != nullptr) {
      ++(tally_.*what);
    }
    message->forwarding.reset();
    if (message->self == nullptr) {
      return;
    }
    MoveLocked(*message, HeldMessage::Phase::kEnding);
    message->settlement = settlement;
    message->settlement.number = message->delivery.number;
    // One that came again from its pause was seen before that.
    message->settlement.is_unseen &= message->attempt == message->delivery.attempt;
    more = TakeWishLocked();
    feed.emplace(*this, lock);
    calls_ += feed->is_closed() ? 0 : 1;
  }
  if (feed->is_closed()) {
    Forget(message);
    return;
  }
  if (more > 0) {
    (*feed)->Request(more);
  }
  SettleThrough(*feed, message);
}

// As OnAnswer for each, but the lock is taken and the broker told once.
void Subscription::OnHandled(std::span<const Offered> messages) {
  std::vector<HeldPtr> ending;
  ending.reserve(messages.size());
  std::optional<FeedUse> feed;
  size_t more = 0;
  {
    const std::lock_guard lock(mutex_);
    tally_.handled += messages.size();
    for (const Offered& offered : messages) {
      HeldPtr message = ToHeld(offered.message);
      if (message->self != nullptr) {
        MoveLocked(*message, HeldMessage::Phase::kEnding);
        message->settlement = {.number = message->delivery.number};
        ending.push_back(std::move(message));
      }
    }
    if (ending.empty()) {
      return;
    }
    more = TakeWishLocked();
    feed.emplace(*this, lock);
    calls_ += feed->is_closed() ? 0 : ending.size();
  }
  if (feed->is_closed()) {
    std::ranges::for_each(ending, [this](const HeldPtr& message) { Forget(message); });
    return;
  }
  if (more > 0) {
    (*feed)->Request(more);
  }
  SettleAllThrough(*feed, std::move(ending));
}

// After their calls were counted.
void Subscription::SettleAllThrough(const FeedUse& feed, std::vector<HeldPtr> messages) {
  std::vector<Settlement> settlements;
  settlements.reserve(messages.size());
  for (const HeldPtr& message : messages) {
    settlements.push_back(message->settlement);
  }
  Done<std::vector<Status>> done = [self = shared_from_this(),
                                    messages](const StatusOr<std::vector<Status>>& statuses) {
    const std::vector<Status> same(statuses.ok() ? 0 : messages.size(), statuses.status());
    self->OnAllSettled(messages, statuses.ok() ? *statuses : same);
  };
  if (!feed->SettleMany(settlements, done)) {
    for (const HeldPtr& message : messages) {
      SettleThrough(feed, message);
    }
  }
}

void Subscription::SendSettlement(const HeldPtr& message) {
  const FeedUse feed(*this);
  if (feed.is_closed()) {
    Forget(message);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    if (message->self == nullptr) {
      return;  // it was another feed's, and the number may now be another message's
    }
    ++calls_;
  }
  SettleThrough(feed, message);
}

// After its call was counted.
void Subscription::SettleThrough(const FeedUse& feed, const HeldPtr& message) {
  feed->Settle(message->settlement, [message](const Status& status) {
    static_cast<Subscription&>(*message->source).OnSettled(message, status);
  });
}

bool Subscription::IsOver(const HeldMessage& message, const Status& status) const {
  return status.ok() || IsNotFound(status) || !Holds(message);
}

// Their calls end here.
void Subscription::OnAllSettled(std::span<const HeldPtr> messages,
                                std::span<const Status> statuses) {
  std::vector<HeldPtr> not_over;
  {
    const std::lock_guard lock(mutex_);
    for (size_t i = 0; i < messages.size(); ++i) {
      if (IsOver(*messages[i], statuses[i])) {
        RemoveLocked(*messages[i]);
      } else {
        not_over.push_back(messages[i]);
      }
    }
    calls_ -= messages.size() - 1;
  }
  for (const HeldPtr& message : not_over) {
    TryAgainLater(message, &Subscription::SendSettlement);
  }
  EndCall();
  TopUp();
}

// For every message, as Settle; the call ends here.
void Subscription::OnSettled(const HeldPtr& message, const Status& status) {
  if (!IsOver(*message, status)) {
    TryAgainLater(message, &Subscription::SendSettlement);
    EndCall();
    return;
  }
  std::optional<FeedUse> feed;
  size_t more = 0;
  {
    const std::lock_guard lock(mutex_);
    if (RemoveLocked(*message)) {
      more = TakeWishLocked();
    }
    if (more > 0) {
      feed.emplace(*this, lock);
    }
    EndCallLocked();
  }
  if (more > 0) {
    (*feed)->Request(more);
  }
}

// The broker was away. The lease is renewed meanwhile, if that can be done; it ends with the feed.
void Subscription::TryAgainLater(const HeldPtr& message,
                                 void (Subscription::*what)(const HeldPtr&)) {
  const std::lock_guard lock(mutex_);
  message->forwarding.reset();
  if (feed_ == nullptr || message->self == nullptr) {
    return;
  }
  const Duration pause = Doubled(kFirstSettlePause, kLongestSettlePause, message->tries++);
  message->timer = host_->RunAfter(
      pause, [self = shared_from_this(), message, what] { ((*self).*what)(message); });
}

// It is in this process's hands no more. False when it was not before.
bool Subscription::Forget(const HeldPtr& message) {
  HeldMessage::Phase phase{};
  {
    const std::lock_guard lock(mutex_);
    phase = message->phase;
    if (!RemoveLocked(*message)) {
      return false;
    }
  }
  AfterRemoval(*message, phase);
  return true;
}

bool Subscription::RemoveLocked(HeldMessage& message) {
  if (!held_.Remove(message)) {
    return false;
  }
  --counts_[static_cast<size_t>(message.phase)];
  CancelTimerLocked(message);
  if (is_stopping_) {
    changed_.notify_all();
  }
  return true;
}

void Subscription::AfterRemoval(const HeldMessage& message, HeldMessage::Phase phase) {
  if (phase == HeldMessage::Phase::kPausing && message.handler != nullptr) {
    message.handler->Forget(message);
  }
  TopUp();
}

// False when it has ended already.
bool Subscription::MovesTo(HeldMessage& message, HeldMessage::Phase phase) {
  const std::lock_guard lock(mutex_);
  if (message.self == nullptr) {
    return false;
  }
  MoveLocked(message, phase);
  return true;
}

void Subscription::MoveLocked(HeldMessage& message, HeldMessage::Phase phase) {
  --counts_[static_cast<size_t>(message.phase)];
  ++counts_[static_cast<size_t>(phase)];
  message.phase = phase;
  if (is_stopping_) {
    changed_.notify_all();
  }
}

void Subscription::CancelTimerLocked(HeldMessage& message) {
  if (message.timer != 0) {
    host_->CancelTimer(std::exchange(message.timer, 0));
  }
}

Offered Subscription::OfferOf(const HeldPtr& message) {
  const std::lock_guard lock(mutex_);
  return OfferOfLocked(message);
}

Offered Subscription::OfferOfLocked(HeldPtr message) {
  const uint32_t attempt = message->attempt;
  return {.message = std::move(message),
          .attempt = attempt,
          .is_last_attempt = HasDeadLetters() && attempt >= spec_.redelivery.attempts};
}

}  // namespace mecha
