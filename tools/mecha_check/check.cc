// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "mecha/mecha.hpp"

namespace {

using Json = nlohmann::json;

constexpr auto kLongestPing = std::chrono::seconds(10);

mecha::RuntimeOptions ToRuntimeOptions(const Options& options) {
  mecha::RuntimeOptions runtime;
  runtime.app_id = options.app_id;
  runtime.name_space = options.name_space;
  runtime.resource_paths = options.paths;
  runtime.uses_environment = options.uses_environment;
  // Lazy: one broken component does not keep the others from being looked at.
  runtime.settings = {{"strictness", options.strictness}, {"start", "lazy"}};
  if (!options.module_path.empty()) {
    runtime.settings.emplace_back("module_path", options.module_path);
  }
  if (!options.plugins.empty()) {
    runtime.settings.emplace_back("plugins", options.plugins);
  }
  return runtime;
}

std::vector<std::string> ToLines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string PlaceOf(const Json& described) {
  return described.value("file", "") + ":" + std::to_string(described.value("line", 0));
}

ComponentVerdict ToVerdict(const Json& described) {
  return {described.value("name", ""), described.value("type", ""), PlaceOf(described), ""};
}

ComponentVerdict CheckComponent(mecha::Runtime& runtime, const Json& described) {
  ComponentVerdict verdict = ToVerdict(described);
  if (described.value("health", "") != "ready") {
    verdict.problem = described.value("reason", "");
    verdict.place = described.value("reason_place", verdict.place);
    if (verdict.problem.empty()) {
      verdict.problem = "did not start";
    }
    return verdict;
  }
  mecha::CallOptions call;
  call.timeout = kLongestPing;
  const mecha::Result<void> pinged = runtime.Ping(verdict.name, call);
  if (!pinged.ok()) {
    verdict.problem = pinged.error().message();
  }
  return verdict;
}

// A component that did not start leaves a warning with the same words.
bool IsToldAlready(const Json& warning, const std::vector<ComponentVerdict>& components) {
  const std::string component = warning.value("component", "");
  const std::string message = warning.value("message", "");
  return std::any_of(components.begin(), components.end(), [&](const ComponentVerdict& verdict) {
    return verdict.name == component && !verdict.problem.empty() &&
           message.ends_with(verdict.problem);
  });
}

Json Describe(const mecha::Runtime& runtime) {
  const mecha::Result<mecha::Value> text = runtime.Describe();
  Json described = text.ok() ? Json::parse(text->bytes(), nullptr, false) : Json();
  return described.is_object() ? described : Json::object();
}

void Examine(mecha::Runtime& runtime, const Options& options, Verdict& verdict) {
  const Json described = Describe(runtime);
  for (const Json& component : described.value("components", Json::array())) {
    verdict.components.push_back(options.contacts_back_ends ? CheckComponent(runtime, component)
                                                            : ToVerdict(component));
  }
  for (const Json& one : described.value("left_out", Json::array())) {
    verdict.left_out.push_back({one.value("kind", ""), one.value("name", ""),
                                one.value("reason", ""), PlaceOf(one), one.value("problem", "")});
  }
  for (const Json& one : described.value("subscriptions", Json::array())) {
    verdict.subscriptions.push_back({one.value("name", ""), one.value("component", ""),
                                     one.value("topic", ""),
                                     one.value("missing_paths", std::vector<std::string>())});
  }
  for (const Json& warning : Describe(runtime).value("warnings", Json::array())) {
    if (!IsToldAlready(warning, verdict.components)) {
      verdict.warnings.push_back(warning.value("message", ""));
    }
  }
}

}  // namespace

Verdict Check(const Options& options) {
  Verdict verdict;
  verdict.has_contacted = options.contacts_back_ends;
  mecha::Result<mecha::Runtime> runtime = mecha::Runtime::Open(ToRuntimeOptions(options));
  if (!runtime.ok()) {
    verdict.errors = ToLines(runtime.error().message());
    return verdict;
  }
  verdict.has_opened = true;
  if (options.contacts_back_ends) {
    const mecha::Result<void> started = runtime->Start();
    if (!started.ok()) {
      verdict.errors = ToLines(started.error().message());
    }
  }
  Examine(*runtime, options, verdict);
  return verdict;
}
