// SPDX-License-Identifier: Apache-2.0
// SubscriptionDocument: a `kind: Subscription` document, v1alpha1 or v2alpha1, in one shape. Rules
// are text here: pubsub/topic_router.h compiles them. Plain values, for any thread once filled.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "call/clock.h"
#include "resources/location.h"

namespace mecha {

// One entry of spec.routes.rules.
struct SubscriptionRule {
  std::string match;  // an expression over `event`; empty: every message
  std::string path;
  Location location;  // of the match, or of the entry when it has none
};

// One entry of spec.metadata.
struct SubscriptionMetadata {
  std::string name;  // as written; compare ignoring case
  std::string value;
};

// What happens to a message whose handling failed: tried again `attempts` times in all, waiting
// `interval` at first and at most `longest_interval`, and then the dead letter topic.
struct RedeliveryPolicy {
  static constexpr Duration kDefaultInterval = std::chrono::seconds(1);
  static constexpr Duration kDefaultLongestInterval = std::chrono::seconds(60);

  uint32_t attempts = 5;                                // redeliveryAttempts; at least 1
  Duration interval = kDefaultInterval;                 // redeliveryInterval
  Duration longest_interval = kDefaultLongestInterval;  // redeliveryMaxInterval
};

struct BulkSubscribe {
  static constexpr Duration kDefaultLongestWait = std::chrono::seconds(1);

  bool is_enabled = false;
  uint32_t most_messages = 100;                 // maxMessagesCount
  Duration longest_wait = kDefaultLongestWait;  // maxAwaitDurationMs
};

struct SubscriptionSpec {
  std::string pubsub_name;  // the component; only in a spec on its own may it be empty
  std::string topic;        // the same
  std::vector<SubscriptionRule> rules;
  // Where a message goes that no rule takes. Absent: nowhere. A spec on its own that says nothing
  // of routes has the default "".
  std::optional<std::string> default_path;
  std::string dead_letter_topic;  // empty: none
  // In the order written, without the three redelivery entries; rawPayload is also here, because
  // components get it too.
  std::vector<SubscriptionMetadata> metadata;
  bool is_raw = false;  // rawPayload: messages are no CloudEvents
  BulkSubscribe bulk;
  RedeliveryPolicy redelivery;
  Location location;  // of the spec's mapping
};

struct SubscriptionDocument {
  std::string name;
  std::string name_space;           // empty: none written
  std::vector<std::string> scopes;  // app ids; empty: every app
  SubscriptionSpec spec;
  Location location;  // where the document's mapping starts
};

}  // namespace mecha
