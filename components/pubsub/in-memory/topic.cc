// SPDX-License-Identifier: Apache-2.0
#include "topic.h"

#include <algorithm>
#include <array>

namespace MECHA_COMPONENT {

Topic::Topic(std::string_view name, size_t queue_depth, Host& host)
    : name_(name), queue_depth_(queue_depth), host_(host) {}

void Topic::Publish(std::span<StoredMessage> messages, std::span<Status> outcomes) {
  {
    const std::lock_guard lock(mutex_);
    for (size_t i = 0; i < messages.size(); ++i) {
      outcomes[i] = Check();
      if (outcomes[i].ok()) {
        Give(std::move(messages[i]));
      }
    }
    if (std::none_of(groups_.begin(), groups_.end(),
                     [](const auto& group) { return IsWaiting(*group); })) {
      return;  // who delivers already goes on with these
    }
  }
  DeliverAll();
}

Status Topic::Check() const {
  for (const auto& group : groups_) {
    if (group->waiting.size() + group->open >= queue_depth_) {
      return ResourceExhausted("group \"" + group->name + "\" of topic \"" + name_ + "\" has " +
                               std::to_string(queue_depth_) +
                               " messages that are not handled yet, as many as queueDepth allows: "
                               "publish more slowly, add consumers to the group, or raise "
                               "queueDepth");
    }
  }
  return OkStatus();
}

void Topic::Give(StoredMessage message) {
  if (groups_.empty()) {
    return;  // its first one is just being made
  }
  message.sequence = ++last_sequence_;
  for (size_t i = 0; i + 1 < groups_.size(); ++i) {
    groups_[i]->waiting.Push(message);
  }
  groups_.back()->waiting.Push(std::move(message));
}

void Topic::DeliverAll() {
  std::array<Consumer::Begun, 8> begun;
  size_t count = begun.size();
  while (count == begun.size()) {
    count = 0;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& group : groups_) {
        Consumer* next = nullptr;
        while (count < begun.size() && group->waiting.ready() > 0 &&
               (next = NextWaiting(*group)) != nullptr && (begun[count] = next->Begin())) {
          ++count;
        }
      }
    }
    for (size_t i = 0; i < count; ++i) {
      begun[i].GoOn();
    }
  }
}

std::shared_ptr<Consumer> Topic::Join(std::string_view group, FeedListener& listener) {
  const std::lock_guard lock(mutex_);
  auto found = std::find_if(groups_.begin(), groups_.end(),
                            [&](const auto& one) { return one->name == group; });
  if (found == groups_.end()) {
    found = groups_.insert(groups_.end(), std::make_unique<Group>(group));
  }
  auto consumer = std::make_shared<Consumer>(shared_from_this(), **found, listener);
  (*found)->consumers.push_back(consumer.get());
  return consumer;
}

void Topic::DeliverOn(Consumer& consumer, std::shared_ptr<Executor> handlers) {
  const std::lock_guard lock(mutex_);
  consumer.DeliverOn(std::move(handlers));
}

void Topic::Request(Consumer& consumer, size_t more) {
  Consumer::Begun begun;
  {
    const std::lock_guard lock(mutex_);
    consumer.AddCredit(more);
    if (consumer.IsWaiting()) {
      begun = consumer.Begin();
    }
    if (!begun) {
      ArmTimer(consumer.group());
    }
  }
  if (begun) {
    begun.GoOn();
  }
}

Status Topic::Settle(Consumer& consumer, const Settlement& settlement) {
  std::optional<StoredMessage> message;  // freed after the lock
  const std::lock_guard lock(mutex_);
  return SettleLocked(consumer, settlement, message);
}

std::vector<Status> Topic::SettleMany(Consumer& consumer, std::span<const Settlement> settlements) {
  std::vector<Status> statuses(settlements.size());
  std::vector<std::optional<StoredMessage>> messages(settlements.size());  // as above
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < settlements.size(); ++i) {
    statuses[i] = SettleLocked(consumer, settlements[i], messages[i]);
  }
  return statuses;
}

Status Topic::SettleLocked(Consumer& consumer, const Settlement& settlement,
                           std::optional<StoredMessage>& message) {
  message = consumer.Settle(settlement.number);
  if (!message.has_value()) {
    return NotFound();
  }
  Group& group = consumer.group();
  --group.open;
  if (settlement.kind == Settlement::Kind::kReturn) {
    message->attempt -= settlement.is_unseen ? 1 : 0;
    ReturnLater(group, *std::move(message), settlement.delay);
  }
  return OkStatus();
}

void Topic::ReturnLater(Group& group, StoredMessage message, Duration delay) {
  if (delay > Duration::zero()) {
    const Deadline due = Deadline::After(host_.clock().Now(), delay);
    group.waiting.Return(std::move(message), due.at());
    ArmTimer(group);
  } else {
    group.waiting.Return(std::move(message), std::nullopt);
    WakeLater(group);
  }
}

std::vector<uint64_t> Topic::Lost(const Consumer& consumer, std::span<const uint64_t> numbers) {
  std::vector<uint64_t> lost;
  const std::lock_guard lock(mutex_);
  std::copy_if(numbers.begin(), numbers.end(), std::back_inserter(lost),
               [&](uint64_t number) { return !consumer.IsOpen(number); });
  return lost;
}

void Topic::Stop(Consumer& consumer, Settled stopped) {
  bool is_at_rest = false;
  {
    const std::lock_guard lock(mutex_);
    is_at_rest = consumer.Stop(stopped);
    WakeLater(consumer.group());
  }
  if (is_at_rest) {
    std::move(stopped)(OkStatus());
  }
}

void Topic::Leave(Consumer& consumer) {
  const std::lock_guard lock(mutex_);
  Group& group = consumer.group();
  std::erase(group.consumers, &consumer);
  for (StoredMessage& message : consumer.GiveUpAll()) {
    group.waiting.Return(std::move(message), std::nullopt);
    --group.open;
  }
  if (group.consumers.empty()) {
    CancelTimer(group);
  }
  WakeLater(group);
}

void Topic::Close() {
  const std::lock_guard lock(mutex_);
  for (const auto& group : groups_) {
    CancelTimer(*group);
    group->waiting.Clear();
  }
}

bool Topic::IsWaiting(const Group& group) {
  return std::any_of(group.consumers.begin(), group.consumers.end(),
                     [](const Consumer* one) { return one->IsWaiting(); });
}

Consumer* Topic::NextWaiting(Group& group) {
  const size_t count = group.consumers.size();
  for (size_t i = 0; i < count; ++i) {
    Consumer* const next = group.consumers[(group.turn + i) % count];
    if (next->IsWaiting()) {
      group.turn = (group.turn + i + 1) % count;
      return next;
    }
  }
  return nullptr;
}

void Topic::WakeLater(Group& group) {
  for (size_t ready = group.waiting.ready(); ready > 0; --ready) {
    Consumer* const next = NextWaiting(group);
    if (next == nullptr) {
      return;
    }
    next->BeginLater();
  }
}

void Topic::ReleaseDue(Group& group) {
  if (group.waiting.has_delayed()) {
    group.waiting.Release(host_.clock().Now());
  }
}

void Topic::ArmTimer(Group& group) {
  if (!group.waiting.has_delayed() || group.waiting.next_due() >= group.timer_at ||
      std::none_of(group.consumers.begin(), group.consumers.end(),
                   [](const Consumer* one) { return one->IsHungry(); })) {
    return;
  }
  CancelTimer(group);
  group.timer_at = group.waiting.next_due();
  const Duration delay = std::max(Duration::zero(), group.timer_at - host_.clock().Now());
  group.timer = host_.RunAfter(delay, [self = shared_from_this(), &group,
                                       count = group.timer_count] { self->OnTimer(group, count); });
}

void Topic::OnTimer(Group& group, uint64_t count) {
  {
    const std::lock_guard lock(mutex_);
    if (group.timer_count != count) {
      return;
    }
    CancelTimer(group);
    ReleaseDue(group);
    ArmTimer(group);
  }
  DeliverAll();
}

void Topic::CancelTimer(Group& group) {
  if (group.timer_at != SteadyTime::max()) {
    host_.CancelTimer(group.timer);  // may be running: then the count stops it
    group.timer_at = SteadyTime::max();
    ++group.timer_count;
  }
}

}  // namespace MECHA_COMPONENT
