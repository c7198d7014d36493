// SPDX-License-Identifier: Apache-2.0
// MessageMaker: turns the messages of one publish call into what the broker takes: checks them,
// puts them into envelopes, merges their metadata. One thread; while the call is being made.
#pragma once

#include <array>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "call/clock.h"
#include "contract/pub_sub.h"
#include "encoding/uuid.h"
#include "events/publish_metadata.h"
#include "operation/input.h"
#include "operation/operation.h"
#include "pubsub/pubsub_block.h"
#include "result/buffer.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha {

// An id as text, of its own: the usual ones need no memory.
class MessageId {
 public:
  void Assign(std::string_view text) {
    size_ = text.size();
    if (size_ > usual_.size()) {
      long_ = Buffer::CopyOf(text);
    } else if (size_ > 0) {
      std::memcpy(usual_.data(), text.data(), size_);
    }
  }
  std::string_view view() const {
    return size_ > usual_.size() ? long_.view() : std::string_view(usual_.data(), size_);
  }

 private:
  size_t size_ = 0;
  std::array<char, kUuidSize> usual_;
  Buffer long_;
};

// A message in the contract's terms, and what it points to besides the operation's inputs.
struct MadeMessage {
  OutgoingMessage message;
  MessageId id;      // of the envelope, or as the publisher gave it
  size_t bytes = 0;  // of the payload, or of the event's data

  Buffer payload;
  std::vector<std::pair<std::string_view, std::string_view>> metadata;

  // Lets go of the message, but not of its id.
  void Forget() {
    message = {};
    payload = {};
  }
};

class MessageMaker {
 public:
  struct Call {
    std::string_view topic;  // as the publisher gave it
    const CallOptions& options;
    Metadata metadata;   // under that of each message; outlives the operation
    InputStore& inputs;  // of the operation
  };

  MessageMaker(PubSubBlock& block, const Call& call);

  // INVALID_ARGUMENT, OUT_OF_RANGE or UNIMPLEMENTED; then `made` is of no use. `made` may be moved
  // afterwards. The release of the request's data is not its business.
  Status Make(const MessageRequest& request, MadeMessage& made);

 private:
  struct Terms {
    PublishMetadata read;
    bool is_raw = false;
  };

  StatusOr<Terms> ReadTerms(const MessageRequest& request, Metadata metadata) const;
  Status CheckSize(const MessageRequest& request) const;
  Status MakeRaw(const MessageRequest& request, MadeMessage& made);
  Status MakeEnvelope(const MessageRequest& request, const PublishMetadata& read,
                      MadeMessage& made);
  Metadata Merge(Metadata own, MadeMessage& made);
  std::string_view Keep(std::string_view text) {
    return call_.inputs.Keep(text, call_.options.must_copy);
  }

  PubSubBlock& block_;
  const Call call_;
  const WallTime now_;
};

}  // namespace mecha
