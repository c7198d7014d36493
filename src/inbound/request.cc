// SPDX-License-Identifier: Apache-2.0
#include "inbound/request.h"

#include <algorithm>

#include "events/event_attributes.h"
#include "inbound/registration.h"

namespace mecha {
namespace {

constexpr std::string_view kPrefix = "cloudevent.";

ResultItem ItemOf(const Offered& offered) {
  const Message& message = *offered;
  ResultItem item;
  item.key = message.id();
  item.value = message.body();
  item.content_type = message.content_type();
  item.is_json =
      message.event != nullptr && message.event->data_kind == CloudEvent::DataKind::kJson;
  item.number = offered.attempt;
  return item;
}

std::vector<std::pair<std::string, std::string>> MakeHeaders(const Message& message) {
  std::vector<std::pair<std::string, std::string>> headers;
  if (message.event != nullptr) {
    std::string scratch;
    VisitAttributes(*message.event, scratch, [&](std::string_view name, std::string_view value) {
      headers.emplace_back(std::string(kPrefix).append(name), value);
    });
  }
  headers.insert(headers.end(), message.delivery.metadata.begin(), message.delivery.metadata.end());
  return headers;
}

}  // namespace

Request::Request(std::shared_ptr<Registration> registration, Offered message)
    : Result(Kind::kRequest, registration->options().token),
      registration_(std::move(registration)),
      one_message_(std::move(message)),
      messages_(&one_message_, 1),
      one_item_(ItemOf(one_message_)) {
  SetItems({&one_item_, 1});
}

Request::Request(std::shared_ptr<Registration> registration, std::vector<Offered> messages)
    : Result(Kind::kRequest, registration->options().token),
      registration_(std::move(registration)),
      many_messages_(std::move(messages)),
      messages_(many_messages_) {
  many_items_.reserve(messages_.size());
  for (const Offered& message : messages_) {
    many_items_.push_back(ItemOf(message));
  }
  SetItems(many_items_);
}

Request::~Request() = default;

bool Request::is_batch() const { return registration_->options().is_batch; }

bool Request::Claim(bool unseen_only) {
  State expected = State::kWaiting;
  if (state_.compare_exchange_strong(expected, State::kEnded, std::memory_order_acq_rel)) {
    return true;
  }
  return !unseen_only && expected == State::kTaken &&
         state_.compare_exchange_strong(expected, State::kEnded, std::memory_order_acq_rel);
}

bool Request::OnTaken(SteadyTime now) {
  // After a freeze others may have what waited here: no handler is to see it.
  const bool is_held = std::ranges::any_of(
      messages_, [](const Offered& message) { return message->source->Holds(*message); });
  if (!is_held) {
    if (Claim(true)) {
      registration_->End(*this, {.kind = Answer::Kind::kLost});
    }
    return false;
  }
  remaining_ = registration_->options().reply_timeout;
  set_reply_by(Deadline::After(now, remaining_).at());
  State expected = State::kWaiting;
  return state_.compare_exchange_strong(expected, State::kTaken, std::memory_order_acq_rel);
}

void Request::OnDropped() {
  if (Claim(true)) {
    registration_->End(*this, {.kind = Answer::Kind::kUnseen});
  }
}

std::span<const std::pair<std::string, std::string>> Request::HeadersOf(size_t index) const {
  std::call_once(headers_once_, [this] {
    headers_.reserve(messages_.size());
    for (const Offered& message : messages_) {
      headers_.push_back(MakeHeaders(*message));
    }
  });
  return headers_[index];
}

}  // namespace mecha
