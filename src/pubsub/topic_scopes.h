// SPDX-License-Identifier: Apache-2.0
// TopicScopes: which topics of a component this application may publish to and subscribe to, by
// Dapr's rules. Not what a topic is called at the broker: that is PubSubBlock's. Immutable; any
// thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/settings.h"
#include "resources/component_document.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha {

class TopicScopes {
 public:
  // Every topic is open.
  TopicScopes() = default;
  // From the fields publishingScopes, subscriptionScopes, allowedTopics and protectedTopics, for
  // the app id in the identity. INVALID_ARGUMENT for a scope that cannot be read: Dapr would skip
  // it, and with it the limits it sets.
  static StatusOr<TopicScopes> Create(const Settings& settings);

  // OK, or PERMISSION_DENIED with the field that says so. Topics as the host names them, without a
  // namespace.
  Status CheckPublish(std::string_view topic) const;
  Status CheckSubscribe(std::string_view topic) const;

 private:
  using Topics = std::vector<std::string>;

  Status Check(std::string_view topic, std::string_view field,
               const std::optional<Topics>& scope) const;

  std::string app_id_;
  Topics allowed_;  // empty: all
  Topics protected_;
  std::optional<Topics> publishing_;  // absent: the application is not named
  std::optional<Topics> subscription_;
};

// Whether `{namespace}` stands anywhere in the component's metadata, which also puts the namespace
// before its topics. Asked before placeholders are filled in.
bool NamesTopicsByNamespace(const ComponentDocument& document);

}  // namespace mecha
