// SPDX-License-Identifier: Apache-2.0
// Message: one message on its way between a broker and a handler; MessageSource: who is told what
// became of it. A block makes both; a Registration only carries them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "call/clock.h"
#include "contract/cloud_event.h"
#include "contract/pub_sub.h"

namespace mecha {

class MessageSource;

// What becomes of a message.
struct Answer {
  enum class Kind : uint8_t {
    kOk,
    kRetry,
    kDrop,
    kLate,       // as kRetry: the handler did not answer in time
    kUnseen,     // no handler had it
    kAbandoned,  // a handler had it and was not waited for any longer
    kLost        // its lease is over: others may have it
  };
  Kind kind = Kind::kOk;
  Duration retry_after{0};  // of kRetry; zero: by the policy
};

// Immutable once offered, so that a result may show it as long as the host likes.
struct Message {
  virtual ~Message() = default;

  std::shared_ptr<MessageSource> source;
  Delivery delivery;  // what the broker gave
  // Absent: raw, and the body is the delivery's payload.
  std::shared_ptr<const CloudEvent> event;
  std::string_view path;  // the source's

  const Buffer& body() const { return event == nullptr ? delivery.payload : event->data; }
  std::string_view id() const {
    return event != nullptr && event->id.data() != nullptr ? event->id : delivery.id;
  }
  std::string_view content_type() const {
    return event == nullptr ? std::string_view(delivery.content_type) : event->datacontenttype;
  }
};

using MessagePtr = std::shared_ptr<const Message>;

// A message, once for each time it is offered.
struct Offered {
  MessagePtr message;
  uint32_t attempt = 1;  // of handling it, here or elsewhere
  bool is_last_attempt = false;

  const Message* operator->() const { return message.get(); }
  const Message& operator*() const { return *message; }
};

// Safe from any thread; called under no lock of a registration's.
class MessageSource {
 public:
  // What its messages have in common; empty: it has none.
  struct Names {
    std::string component;
    std::string topic;
    std::string subscription;
  };
  // Whether a message that was answered is over, or waits to be offered again. In an ordered
  // registration those behind it wait as well, until it is offered or forgotten.
  enum class Then : uint8_t { kIsOver, kComesAgain };

  virtual ~MessageSource() = default;

  virtual const Names& names() const = 0;
  virtual Duration lease() const = 0;
  // False when others may have the message: its lease was not renewed in time.
  virtual bool Holds(const Message& message) const = 0;
  // Exactly once each time a message was offered.
  virtual Then OnAnswer(const MessagePtr& message, const Answer& answer) = 0;
  // As OnAnswer with kOk for each; all are its own.
  virtual void OnHandled(std::span<const Offered> messages) {
    for (const Offered& message : messages) {
      OnAnswer(message.message, {});
    }
  }
};

}  // namespace mecha
