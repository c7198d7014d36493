// SPDX-License-Identifier: Apache-2.0
// Forwarding: one delivery on its way to another topic. It owns all that the broker may look at
// meanwhile, and itself: it goes when its outcome was reported.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "contract/component_info.h"
#include "contract/pub_sub.h"

namespace mecha {

class Forwarding {
 public:
  struct Way {
    Host& host;
    PubSub& component;
    Execution execution;
    std::string topic;  // as the broker knows it
  };

  // Publishes once and reports to `done`. `call` must last until then.
  static void Start(Way way, const CallContext& call, const Delivery& delivery, Settled done);

 private:
  Forwarding(Way way, const CallContext& call, const Delivery& delivery, Settled done);

  static void Try(std::unique_ptr<Forwarding> self);
  static void TryOnPool(std::unique_ptr<Forwarding> self);

  const Way way_;
  CallContext call_;
  const Buffer payload_;
  const std::string key_;
  const std::string content_type_;
  const std::vector<std::pair<std::string, std::string>> metadata_;
  std::vector<std::pair<std::string_view, std::string_view>> metadata_views_;
  OutgoingMessage message_;
  Settled done_;
};

}  // namespace mecha
