// SPDX-License-Identifier: Apache-2.0
// Subscription: from the broker to a handler.
#include <utility>

#include "events/event_defaults.h"
#include "events/event_encoding.h"
#include "events/received_event.h"
#include "pubsub/subscription.h"
#include "result/status_or.h"

namespace mecha {

void Subscription::OnDeliveries(std::span<Delivery> deliveries) {
  const SteadyTime now = lease() > Duration::zero() ? Now() : SteadyTime{};
  const std::shared_ptr<MessageSource> self = shared_from_this();
  std::vector<Arrival> arrivals(deliveries.size());
  bool is_stale = false;
  for (size_t i = 0; i < deliveries.size(); ++i) {
    // A process that was frozen may read what it asked for long ago, and others may have it.
    is_stale |= lease() > Duration::zero() && now - deliveries[i].held_since > lease() / 3;
    arrivals[i].message = TakeIn(deliveries[i], self);
  }
  if (!is_stale) {
    for (Arrival& arrival : arrivals) {
      Route(arrival);
    }
  }
  {
    const std::lock_guard lock(mutex_);
    NoteDeliveredLocked(arrivals);
    if (!is_stale) {
      SettleFatesLocked(arrivals);
    }
  }
  ArmRenewal();
  if (is_stale) {
    ConfirmLeases(arrivals);  // all of them, or they would not stay in order
  } else {
    HandOver(arrivals);
  }
}

void Subscription::NoteDeliveredLocked(std::span<const Arrival> arrivals) {
  for (const Arrival& arrival : arrivals) {
    held_.Add(arrival.message);
  }
  counts_[static_cast<size_t>(HeldMessage::Phase::kArriving)] += arrivals.size();
  requested_ -= std::min(requested_, arrivals.size());
  tally_.received += arrivals.size();
}

HeldPtr Subscription::TakeIn(Delivery& delivery, const std::shared_ptr<MessageSource>& self) {
  auto message = std::allocate_shared<HeldMessage>(PoolAllocator<HeldMessage>(pool_.get()));
  message->source = self;
  message->renewed_at.store(delivery.held_since, std::memory_order_relaxed);
  message->attempt = delivery.attempt;
  message->event = delivery.event;
  message->delivery = std::move(delivery);
  return message;
}

void Subscription::ConfirmLeases(const std::vector<Arrival>& arrivals) {
  std::vector<HeldPtr> messages;
  messages.reserve(arrivals.size());
  for (const Arrival& arrival : arrivals) {
    messages.push_back(arrival.message);
  }
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
      message.delivery.payload = EncodeEvent(*message.event, pool_.get());
      message.delivery.content_type = kEventJsonType;
      message.event = nullptr;
    }
    return OkStatus();
  }
  if (message.event != nullptr) {
    return OkStatus();
  }
  const ReceivedMessage received{.data = message.delivery.payload,
                                 .content_type = message.delivery.content_type,
                                 .metadata = message.delivery.metadata,
                                 .pool = pool_.get()};
  ASSIGN_OR_RETURN(CloudEvent event, ReadEvent(received));
  message.event = std::allocate_shared<const CloudEvent>(PoolAllocator<CloudEvent>(pool_.get()),
                                                         std::move(event));
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
  Arrival arrival;
  arrival.message = message;
  Route(arrival);
  {
    const std::lock_guard lock(mutex_);
    SettleFatesLocked(std::span(&arrival, 1));
  }
  HandOver(std::span(&arrival, 1));
}

void Subscription::Route(Arrival& arrival) const {
  HeldMessage& message = *arrival.message;
  arrival.fault = ReadEnvelope(message);
  if (!arrival.fault.ok()) {
    arrival.fate = Fate::kMalformed;
    return;
  }
  if (message.event != nullptr && IsTooOld(*message.event)) {
    arrival.fate = Fate::kDrop;
    return;
  }
  const auto path =
      message.event == nullptr ? router_.Route(CloudEvent()) : router_.Route(*message.event);
  if (!path.ok()) {
    arrival.fate = Fate::kMalformed;
    arrival.fault = path.status();
  } else if (!path->has_value()) {
    arrival.fate = Fate::kDrop;
  } else {
    message.path = **path;
    arrival.handler = find_handler_(message.path);
  }
}

void Subscription::SettleFatesLocked(std::span<Arrival> arrivals) {
  for (Arrival& arrival : arrivals) {
    if (arrival.fate != Fate::kOffer) {
      continue;
    }
    HeldMessage& message = *arrival.message;
    if (message.self == nullptr) {
      arrival.fate = Fate::kGone;
    } else if (arrival.handler == nullptr || is_stopping_) {
      arrival.fate = Fate::kReturn;
    } else {
      message.handler = arrival.handler;
      MoveLocked(message, HeldMessage::Phase::kWithHandler);
      arrival.offered = OfferOfLocked(std::move(arrival.message));
    }
  }
}

// In their order. Neighbours of one handler reach it together.
void Subscription::HandOver(std::span<Arrival> arrivals) {
  std::vector<Offered> together;
  for (size_t i = 0; i < arrivals.size(); ++i) {
    Arrival& arrival = arrivals[i];
    if (arrival.fate != Fate::kOffer) {
      Turn(arrival);
      continue;
    }
    const bool is_last = i + 1 == arrivals.size() || arrivals[i + 1].fate != Fate::kOffer ||
                         arrivals[i + 1].handler != arrival.handler;
    if (is_last && together.empty()) {
      arrival.handler->Offer(std::move(arrival.offered));
      continue;
    }
    together.push_back(std::move(arrival.offered));
    if (is_last) {
      arrival.handler->Offer(together);
      together.clear();
    }
  }
}

// One that no handler gets.
void Subscription::Turn(const Arrival& arrival) {
  switch (arrival.fate) {
    case Fate::kReturn:
      Settle(arrival.message, {.kind = Settlement::Kind::kReturn, .is_unseen = true});
      break;
    case Fate::kDrop:
      Drop(arrival.message);
      break;
    case Fate::kMalformed:
      OnMalformed(arrival.message, arrival.fault);
      break;
    case Fate::kOffer:
    case Fate::kGone:
      break;
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
