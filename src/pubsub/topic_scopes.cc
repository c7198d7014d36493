// SPDX-License-Identifier: Apache-2.0
#include "pubsub/topic_scopes.h"

#include <algorithm>
#include <map>
#include <utility>

#include "encoding/quoted.h"

namespace mecha {
namespace {

using Topics = std::vector<std::string>;

constexpr std::string_view kPublishing = "publishingScopes";
constexpr std::string_view kSubscription = "subscriptionScopes";
constexpr std::string_view kAllowed = "allowedTopics";
constexpr std::string_view kProtected = "protectedTopics";

// The parts between the separators, without blanks; empty parts are left out.
Topics Split(std::string_view text, char separator) {
  Topics parts;
  std::string part;
  for (const char c : text) {
    if (c != separator) {
      part += c == ' ' ? "" : std::string_view(&c, 1);
    } else if (!part.empty()) {
      parts.push_back(std::exchange(part, {}));
    }
  }
  if (!part.empty()) {
    parts.push_back(std::move(part));
  }
  return parts;
}

bool Holds(const Topics& topics, std::string_view topic) {
  return std::ranges::find(topics, topic) != topics.end();
}

Status BadScope(std::string_view field, std::string_view entry, std::string_view what) {
  return InvalidArgument(std::string(field) + " has the entry " + Quoted(entry) + ", " +
                         std::string(what) + ". Write \"app1=topic1,topic2;app2=topic3\".");
}

// The topics of `app_id` in "app1=t1,t2;app2=t3"; absent when it is not named there.
StatusOr<std::optional<Topics>> ReadScope(const Settings& settings, std::string_view field) {
  std::map<std::string, Topics, std::less<>> scopes;
  for (const std::string& entry : Split(settings.Text(field), ';')) {
    const size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0 ||
        entry.find('=', equals + 1) != std::string::npos) {
      return BadScope(field, entry, "which is not one app id, \"=\" and topics");
    }
    const bool is_new =
        scopes.try_emplace(entry.substr(0, equals), Split(entry.substr(equals + 1), ',')).second;
    if (!is_new) {
      return BadScope(field, entry, "whose app id stands there before");
    }
  }
  const auto ours = scopes.find(settings.identity().app_id);
  return ours == scopes.end() ? std::optional<Topics>() : std::optional(std::move(ours->second));
}

}  // namespace

StatusOr<TopicScopes> TopicScopes::Create(const Settings& settings) {
  TopicScopes scopes;
  scopes.app_id_ = settings.identity().app_id;
  scopes.allowed_ = Split(settings.Text(kAllowed), ',');
  scopes.protected_ = Split(settings.Text(kProtected), ',');
  ASSIGN_OR_RETURN(scopes.publishing_, ReadScope(settings, kPublishing));
  ASSIGN_OR_RETURN(scopes.subscription_, ReadScope(settings, kSubscription));
  return scopes;
}

Status TopicScopes::CheckPublish(std::string_view topic) const {
  return Check(topic, kPublishing, publishing_);
}

Status TopicScopes::CheckSubscribe(std::string_view topic) const {
  return Check(topic, kSubscription, subscription_);
}

Status TopicScopes::Check(std::string_view topic, std::string_view field,
                          const std::optional<Topics>& scope) const {
  if (!allowed_.empty() && !Holds(allowed_, topic)) {
    return Status(StatusCode::kPermissionDenied,
                  "topic " + Quoted(topic) +
                      " is not among the component's allowedTopics. Add it "
                      "there.");
  }
  const bool is_protected = Holds(protected_, topic);
  if ((!scope.has_value() && !is_protected) || (scope.has_value() && Holds(*scope, topic))) {
    return OkStatus();
  }
  return Status(
      StatusCode::kPermissionDenied,
      "topic " + Quoted(topic) +
          (scope.has_value() ? " is not among those" : " is protected and not among those") +
          " of app id " + Quoted(app_id_) + " in " + std::string(field) + ". Add it there.");
}

bool NamesTopicsByNamespace(const ComponentDocument& document) {
  return std::ranges::any_of(document.metadata, [](const MetadataItem& item) {
    return item.value.has_value() && item.value->find("{namespace}") != std::string::npos;
  });
}

}  // namespace mecha
