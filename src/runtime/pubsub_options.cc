// SPDX-License-Identifier: Apache-2.0
#include "runtime/pubsub_options.h"

#include <string_view>

#include "pubsub/topic_scopes.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha {
namespace {

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

}  // namespace

StatusOr<PubSubBlockOptions> ReadPubSubOptions(const ComponentDocument& document,
                                               const Settings& settings,
                                               const RuntimeSettings& runtime) {
  const Settings::Identity& identity = settings.identity();
  PubSubBlockOptions options;
  options.app_id = identity.app_id;
  const std::string_view group = Trimmed(settings.Text("consumerID"));
  options.consumer_group = group.empty() ? identity.app_id : std::string(group);
  if (options.consumer_group.empty()) {
    return FailedPrecondition(
        "consumerID is not set and the runtime has no app id, so nothing names the consumer "
        "group; set the runtime's app id, or consumerID");
  }
  options.consumer_name = MakeConsumerName(identity.app_id, identity.instance_id);
  if (NamesTopicsByNamespace(document)) {
    // What Dapr calls having none.
    options.topic_prefix = identity.name_space.empty() ? "default" : identity.name_space;
  }
  ASSIGN_OR_RETURN(options.scopes, TopicScopes::Create(settings));
  options.limits = runtime.message_limits;
  options.strictness = runtime.strictness;
  return options;
}

}  // namespace mecha
