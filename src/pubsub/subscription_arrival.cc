// SPDX-License-Identifier: Apache-2.0
// Subscription: from the broker to a handler.
#include <array>
#include <utility>

#include "events/event_defaults.h"
#include "events/event_encoding.h"
#include "events/received_event.h"
#include "pubsub/subscription.h"
#include "result/status_or.h"

namespace mecha {

void Subscription::OnDeliveries(std::span<Delivery> deliveries) {
  const SteadyTime now = lease() > Duration::zero() ? Now() : SteadyTime{};
  std::vector<HeldPtr> taken;
  bool is_stale = false;
  taken.reserve(deliveries.size());
  for (Delivery& delivery : deliveries) {
    // A process that was frozen may read what it asked for long ago, and others may have it.
    is_stale |= lease() > Duration::zero() && now - delivery.held_since > lease() / 3;
    taken.push_back(TakeIn(delivery));
  }
  {
    const std::lock_guard lock(mutex_);
    for (const HeldPtr& message : taken) {
      held_.Add(message);
    }
    counts_[static_cast<size_t>(HeldMessage::Phase::kArriving)] += deliveries.size();
    requested_ -= std::min(requested_, deliveries.size());
    tally_.received += deliveries.size();
  }
  ArmRenewal();
  if (is_stale) {
    ConfirmLeases(std::move(taken));  // all of them, or they would not stay in order
    return;
  }
  for (const HeldPtr& message : taken) {
    Arrive(message);
  }
}

HeldPtr Subscription::TakeIn(Delivery& delivery) {
  auto message = std::make_shared<HeldMessage>();
  message->source = shared_from_this();
  message->renewed_at.store(delivery.held_since, std::memory_order_relaxed);
  message->attempt = delivery.attempt;
  message->event = delivery.event;
  message->delivery = std::move(delivery);
  return message;
}

void Subscription::ConfirmLeases(std::vector<HeldPtr> messages) {
  Renew(messages, [self = shared_from_this(), messages](bool is_renewed) {
    for (const HeldPtr& message : messages) {
      if (is_renewed && self->Holds(*message)) {
        self->Arrive(message);
      } else {
        self->Lose(message);
      }
    }
  });
}

// Leaves `event` empty where the body is what the broker holds.
Status Subscription::ReadEnvelope(HeldMessage& message) const {
  if (spec_.is_raw) {
    // A broker that kept the event has no bytes: these are those another one would have.
    if (message.event != nullptr) {
      message.delivery.payload = EncodeEvent(*message.event);
      message.delivery.content_type = kEventJsonType;
      message.event = nullptr;
    }
    return OkStatus();
  }
  if (message.event != nullptr) {
    return OkStatus();
  }
  const std::array<unsigned char, 16> unused{};
  ReceivedMessage received{.pubsub_name = names_.component,
                           .topic = spec_.topic,
                           .data = message.delivery.payload,
                           .content_type = message.delivery.content_type,
                           .metadata = message.delivery.metadata,
                           .random = unused};
  ASSIGN_OR_RETURN(CloudEvent event, ReadEvent(received));
  message.event = std::make_shared<const CloudEvent>(std::move(event));
  return OkStatus();
}

// An event of another topic is here as a dead letter, perhaps because it was too old: who looks
// after dead letters gets it all the same.
bool Subscription::IsTooOld(const CloudEvent& event) const {
  if (event.expiration.data() == nullptr || (!event.topic.empty() && event.topic != spec_.topic)) {
    return false;
  }
  return HasExpired(event, host_->clock().WallNow());
}

void Subscription::Arrive(const HeldPtr& message) {
  const Status read = ReadEnvelope(*message);
  if (!read.ok()) {
    OnMalformed(message, read);
    return;
  }
  if (message->event != nullptr && IsTooOld(*message->event)) {
    Drop(message);
    return;
  }
  const auto path =
      message->event == nullptr ? router_.Route(CloudEvent()) : router_.Route(*message->event);
  if (!path.ok()) {
    OnMalformed(message, path.status());
  } else if (!path->has_value()) {
    Drop(message);
  } else {
    message->path = **path;
    Offer(message);
  }
}

void Subscription::Offer(const HeldPtr& message) {
  std::shared_ptr<Registration> handler = find_handler_(message->path);
  Offered offered;
  {
    const std::lock_guard lock(mutex_);
    if (message->self == nullptr) {
      return;
    }
    if (is_stopping_) {
      handler = nullptr;
    }
    if (handler != nullptr) {
      message->handler = handler;
      MoveLocked(*message, HeldMessage::Phase::kWithHandler);
      offered = OfferOfLocked(message);
    }
  }
  if (handler == nullptr) {
    Settle(message, {.kind = Settlement::Kind::kReturn});
  } else {
    handler->Offer(std::move(offered));
  }
}

// It never gets better, but it is not lost either: where nothing takes dead letters it comes again,
// ever more seldom.
void Subscription::OnMalformed(const HeldPtr& message, const Status& why) {
  const uint64_t count = Count(&Tally::malformed);
  if ((count & (count - 1)) == 0) {  // ever more seldom, too
    host_->Log(Severity::kWarning, names_.component,
               "subscription to \"" + spec_.topic + "\": message " + std::string(message->id()) +
                   " cannot be handled: " + std::string(why.message()) + " (" +
                   std::to_string(count) + " so far)");
  }
  if (HasDeadLetters()) {
    SendToDeadLetters(message);
  } else {
    Retry(message, {.kind = Answer::Kind::kRetry});
  }
}

}  // namespace mecha
