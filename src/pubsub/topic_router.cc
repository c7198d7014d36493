// SPDX-License-Identifier: Apache-2.0
#include "pubsub/topic_router.h"

#include <algorithm>
#include <utility>

#include "encoding/nearest_name.h"
#include "encoding/quoted.h"
#include "pubsub/event_map.h"

namespace mecha {
namespace {

// A name that is no variable is an error for each message, unless && or || passes over it.
void ReportUnknownNames(const SubscriptionRule& rule, const CelProgram& match, Findings& findings) {
  constexpr std::string_view kNames[] = {"event"};
  for (const std::string_view name : match.unknown_names()) {
    const std::string hint = DidYouMean(name, kNames);
    findings.Lenient(
        rule.location,
        "the rule names " + Quoted(name) + ", but the only variable is \"event\"." +
            (hint.empty() ? " Write event." + std::string(name) + ", or put quotes around a text."
                          : hint));
  }
}

}  // namespace

std::optional<TopicRouter> TopicRouter::Create(const SubscriptionSpec& spec, Findings& findings) {
  TopicRouter router;
  bool is_broken = false;
  bool is_complete = false;
  for (const SubscriptionRule& rule : spec.rules) {
    if (rule.match.empty()) {
      router.last_path_ = is_complete ? router.last_path_ : rule.path;
      is_complete = true;
      continue;
    }
    StatusOr<CelProgram> match = CelProgram::Compile(rule.match);
    if (!match.ok()) {
      findings.Error(rule.location, "the rule " + Quoted(rule.match) + " cannot be used: " +
                                        std::string(match.status().message()));
      is_broken = true;
      continue;
    }
    ReportUnknownNames(rule, *match, findings);
    if (!is_complete) {
      router.rules_.push_back({*std::move(match), rule.match, rule.path});
    }
  }
  if (!is_complete) {
    router.last_path_ = spec.default_path;
  }
  return is_broken ? std::nullopt : std::optional(std::move(router));
}

StatusOr<std::optional<std::string_view>> TopicRouter::Route(const CloudEvent& event) const {
  const EventMap map(event);
  for (const Rule& rule : rules_) {
    const StatusOr<bool> matches = rule.match.Matches(map);
    if (!matches.ok()) {
      return WithPrefix(matches.status(), "the rule " + Quoted(rule.text) + " fails");
    }
    if (*matches) {
      return std::optional<std::string_view>(rule.path);
    }
  }
  return last_path_.has_value() ? std::optional<std::string_view>(*last_path_) : std::nullopt;
}

std::vector<std::string_view> TopicRouter::paths() const {
  std::vector<std::string_view> paths;
  const auto add = [&paths](std::string_view path) {
    if (std::ranges::find(paths, path) == paths.end()) {
      paths.push_back(path);
    }
  };
  for (const Rule& rule : rules_) {
    add(rule.path);
  }
  if (last_path_.has_value()) {
    add(*last_path_);
  }
  return paths;
}

}  // namespace mecha
