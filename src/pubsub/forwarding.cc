// SPDX-License-Identifier: Apache-2.0
#include "pubsub/forwarding.h"

namespace mecha {

Forwarding::Forwarding(Way way, const CallContext& call, const Delivery& delivery, Settled done)
    : way_(std::move(way)),
      call_(call),
      payload_(delivery.payload),
      key_(delivery.key),
      content_type_(delivery.content_type),
      metadata_(delivery.metadata),
      metadata_views_(metadata_.begin(), metadata_.end()),
      done_(std::move(done)) {
  message_.payload = payload_.view();
  message_.event = delivery.event;
  message_.content_type = content_type_;
  message_.key = key_;
  message_.metadata = metadata_views_;
}

void Forwarding::Start(Way way, const CallContext& call, const Delivery& delivery, Settled done) {
  std::unique_ptr<Forwarding> self(new Forwarding(std::move(way), call, delivery, std::move(done)));
  if (!call.may_block && self->way_.execution == Execution::kBlocking) {
    TryOnPool(std::move(self));
  } else {
    Try(std::move(self));
  }
}

void Forwarding::Try(std::unique_ptr<Forwarding> self) {
  Forwarding& forwarding = *self;
  forwarding.way_.component.Publish(
      forwarding.call_, forwarding.way_.topic, forwarding.message_,
      [self = std::move(self)](StatusOr<std::string> id) mutable {
        if (HasCode(id.status(), StatusCode::kWouldBlock) && !self->call_.may_block) {
          TryOnPool(std::move(self));
          return;
        }
        // Before it is reported nothing may be left that refers to `call`.
        Settled done = std::move(self->done_);
        self.reset();
        std::move(done)(id.status());
      });
}

void Forwarding::TryOnPool(std::unique_ptr<Forwarding> self) {
  Host& host = self->way_.host;
  self->call_.may_block = true;
  host.PostBlocking([self = std::move(self)]() mutable { Try(std::move(self)); });
}

}  // namespace mecha
