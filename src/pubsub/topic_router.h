// SPDX-License-Identifier: Apache-2.0
// TopicRouter: which path a message of a subscription goes to: the first rule that matches, else
// the default. It delivers nothing and knows no handlers. Immutable; any thread, many at once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/cloud_event.h"
#include "expression/cel_program.h"
#include "resources/findings.h"
#include "resources/subscription_document.h"
#include "result/status_or.h"

namespace mecha {

class TopicRouter {
 public:
  // Compiles the rules. Nothing when one does not compile: reported to `findings`, in both modes.
  static std::optional<TopicRouter> Create(const SubscriptionSpec& spec, Findings& findings);

  // The path, which lives as long as the router stays where it is. Nothing: no rule takes the
  // message, so it is dropped, or goes to the dead letter topic. An error, FAILED_PRECONDITION with
  // the rule: the message failed, as if its handler had.
  StatusOr<std::optional<std::string_view>> Route(const CloudEvent& event) const;

  // Every path that a message can reach, once each, in the order of the rules.
  std::vector<std::string_view> paths() const;
  // False: all messages go the same way, and Route does not look at them.
  bool looks_at_events() const { return !rules_.empty(); }

 private:
  struct Rule {
    CelProgram match;
    std::string text;  // of the match, for messages
    std::string path;
  };

  std::vector<Rule> rules_;               // up to the first that takes every message
  std::optional<std::string> last_path_;  // of that one, or the default
};

}  // namespace mecha
