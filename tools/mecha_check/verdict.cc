// SPDX-License-Identifier: Apache-2.0
#include "verdict.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

namespace {

using OrderedJson = nlohmann::ordered_json;

// A problem may have several lines; a component has one.
std::string InOneLine(std::string text) {
  for (size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at)) {
    text.replace(at, 1, "; ");
  }
  return text;
}

std::string ProblemOf(const ComponentVerdict& component) {
  return InOneLine(component.problem) + " (" + component.place + ")";
}

// "/a, /b"
std::string Listed(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) {
    list += (list.empty() ? "" : ", ") + text;
  }
  return list;
}

std::string Count(size_t number, std::string_view noun) {
  return std::to_string(number) + " " + std::string(noun) + (number == 1 ? "" : "s");
}

}  // namespace

size_t Verdict::problem_count() const {
  const auto broken =
      std::count_if(components.begin(), components.end(),
                    [](const ComponentVerdict& component) { return !component.problem.empty(); });
  const auto useless = std::count_if(left_out.begin(), left_out.end(),
                                     [](const LeftOut& one) { return !one.problem.empty(); });
  return errors.size() + static_cast<size_t>(broken + useless);
}

std::string ToText(const Verdict& verdict) {
  const std::string_view fine = verdict.has_contacted ? "ok" : "ok (not contacted)";
  std::string text;
  for (const std::string& error : verdict.errors) {
    text += error + "\n";
  }
  for (const ComponentVerdict& component : verdict.components) {
    text += component.name + " (" + component.type + "): ";
    text += component.problem.empty() ? std::string(fine) : ProblemOf(component);
    text += "\n";
  }
  for (const SubscriptionVerdict& one : verdict.subscriptions) {
    text +=
        one.name + " (" + one.component + "/" + one.topic + "): serve " + Listed(one.paths) + "\n";
  }
  for (const LeftOut& one : verdict.left_out) {
    text += one.name + (one.kind == "Component" ? "" : " (" + one.kind + ")") +
            ": left out, because " + one.reason + " (" + one.place + ")\n";
    text += one.problem.empty() ? "" : one.problem + "\n";
  }
  for (const std::string& warning : verdict.warnings) {
    text += "warning: " + InOneLine(warning) + "\n";
  }
  text += verdict.has_opened ? Count(verdict.components.size(), "component")
                             : "no component was looked at";
  text += ", " + Count(verdict.problem_count(), "problem") + ", " +
          Count(verdict.warnings.size(), "warning");
  if (!verdict.left_out.empty()) {
    text += ", " + std::to_string(verdict.left_out.size()) + " left out";
  }
  return text + "\n";
}

std::string ToJson(const Verdict& verdict) {
  OrderedJson components = OrderedJson::array();
  for (const ComponentVerdict& component : verdict.components) {
    components.push_back({{"name", component.name},
                          {"type", component.type},
                          {"place", component.place},
                          {"ok", component.problem.empty()},
                          {"problem", component.problem}});
  }
  OrderedJson left_out = OrderedJson::array();
  for (const LeftOut& one : verdict.left_out) {
    left_out.push_back({{"kind", one.kind},
                        {"name", one.name},
                        {"reason", one.reason},
                        {"place", one.place},
                        {"ok", one.problem.empty()},
                        {"problem", one.problem}});
  }
  OrderedJson subscriptions = OrderedJson::array();
  for (const SubscriptionVerdict& one : verdict.subscriptions) {
    subscriptions.push_back({{"name", one.name},
                             {"component", one.component},
                             {"topic", one.topic},
                             {"paths", one.paths}});
  }
  const OrderedJson json = {{"ok", verdict.problem_count() == 0},
                            {"contacted", verdict.has_contacted},
                            {"errors", verdict.errors},
                            {"components", std::move(components)},
                            {"subscriptions", std::move(subscriptions)},
                            {"left_out", std::move(left_out)},
                            {"warnings", verdict.warnings}};
  return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}
