// SPDX-License-Identifier: Apache-2.0
#include "conformance/test_runtime.h"

#include <mutex>

#include "support/catch.h"

namespace conformance {
namespace {

struct Faults {
  std::mutex mutex;
  std::vector<std::string> messages;
};
Faults faults;

// The library's warnings about a plug-in end in advice to its makers.
void CollectFaults(const nlohmann::json& description) {
  for (const nlohmann::json& warning : description.at("warnings")) {
    const std::string message = warning.at("message");
    if (message.find("Tell its makers") != std::string::npos) {
      const std::lock_guard lock(faults.mutex);
      faults.messages.push_back(message);
    }
  }
}

std::string TakeMessage(mecha_error* error) {
  std::string message = mecha_error_message(error);
  mecha_error_free(error);
  return message;
}

}  // namespace

Metadata SettingsOf(Metadata more) {
  if (!kHarness.plugin.empty()) {
    more.emplace_back("plugins", kHarness.plugin);
  }
  return more;
}

std::vector<std::string> PluginFaults() {
  const std::lock_guard lock(faults.mutex);
  return faults.messages;
}

TestRuntime::TestRuntime(const BackEnd& back_end, const RuntimeSetup& setup)
    : component_(setup.component) {
  std::vector<std::string> documents = setup.texts;
  documents.push_back(back_end.Document(component_, setup.metadata));
  std::vector<mecha_view> texts;
  for (const std::string& document : documents) {
    texts.push_back(ViewOf(document));
  }
  std::vector<mecha_kv> settings;
  const Metadata all = SettingsOf(setup.settings);
  for (const auto& [name, value] : all) {
    settings.push_back({ViewOf(name), ViewOf(value)});
  }
  mecha_runtime_options options{};
  options.struct_size = sizeof options;
  options.api_version = MECHA_API_VERSION;
  options.flags = setup.uses_environment ? uint32_t{MECHA_OPEN_USE_ENVIRONMENT} : 0;
  options.app_id = OptionalView(setup.app_id);
  options.name_space = OptionalView(setup.name_space);
  options.resource_texts = texts.data();
  options.resource_text_count = texts.size();
  options.settings = settings.data();
  options.setting_count = settings.size();
  mecha_error* error = nullptr;
  const mecha_status opened = mecha_runtime_open(&options, &runtime_, &error);
  INFO(documents.back());
  INFO(TakeMessage(error));
  REQUIRE(opened == MECHA_OK);
  error = nullptr;
  const mecha_status started = mecha_runtime_start(runtime_, &error);
  INFO(TakeMessage(error));
  REQUIRE(started == MECHA_OK);
}

TestRuntime::~TestRuntime() {
  if (runtime_ != nullptr && !kHarness.plugin.empty()) {
    mecha_runtime_shutdown(runtime_, 0, nullptr);
    mecha_result* result = nullptr;
    const mecha_status status = mecha_runtime_describe(runtime_, &result);
    CollectFaults(nlohmann::json::parse(TakeAnswer(status, result).only().value));
  }
  mecha_runtime_free(runtime_);
}

nlohmann::json TestRuntime::Describe() const {
  mecha_result* result = nullptr;
  const mecha_status status = mecha_runtime_describe(runtime_, &result);
  const Answer answer = TakeAnswer(status, result);
  REQUIRE(answer.ok());
  return nlohmann::json::parse(answer.only().value);
}

std::string TestRuntime::Support(std::string_view capability) const {
  const nlohmann::json description = Describe();
  for (const nlohmann::json& component : description.at("components")) {
    if (component.at("name") == component_) {
      return component.at("capabilities").value(std::string(capability), "none");
    }
  }
  FAIL("describe does not show the component");
  return {};
}

bool TestRuntime::Has(std::string_view capability) const { return Support(capability) != "none"; }

void TestRuntime::Advance(int64_t milliseconds) const {
  REQUIRE(mecha_clock_advance(runtime_, milliseconds * 1'000'000) == MECHA_OK);
}

}  // namespace conformance
