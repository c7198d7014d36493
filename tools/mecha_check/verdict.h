// SPDX-License-Identifier: Apache-2.0
// Verdict: what mecha-check found, and how it is written. It holds no secret: the library's
// messages never do.
#pragma once

#include <string>
#include <vector>

struct ComponentVerdict {
  std::string name;
  std::string type;
  std::string place;    // of its document, or of what the problem is about: "file:line"
  std::string problem;  // empty: all well
};

// What the application has to serve so that a subscription gets its messages.
struct SubscriptionVerdict {
  std::string name;
  std::string component;
  std::string topic;
  std::vector<std::string> paths;
};

// A document that this application, or namespace, does not get.
struct LeftOut {
  std::string kind;
  std::string name;
  std::string reason;
  std::string place;
  std::string problem;  // of a rule of it, with its own place; empty: none is known
};

struct Verdict {
  std::vector<std::string> errors;           // of the documents: nothing could be started
  std::vector<ComponentVerdict> components;  // none when the documents have errors
  std::vector<SubscriptionVerdict> subscriptions;
  std::vector<LeftOut> left_out;
  std::vector<std::string> warnings;
  bool has_contacted = true;  // false: the components were not started
  bool has_opened = false;    // false: no component was looked at, because of the errors

  size_t problem_count() const;
};

// One line per error, component, subscription and warning, then the counts.
std::string ToText(const Verdict& verdict);
// One object: ok, contacted, errors, components, subscriptions, left_out, warnings.
std::string ToJson(const Verdict& verdict);
