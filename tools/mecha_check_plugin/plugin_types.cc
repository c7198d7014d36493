// SPDX-License-Identifier: Apache-2.0
#include "plugin_types.h"

#include <dlfcn.h>

#include "conformance/back_end.h"
#include "conformance/client/answer.h"
#include "mecha/component.h"
#include "mecha/mecha.h"
#include "probe.h"

namespace {

std::string TakeMessage(mecha_error* error) {
  std::string message = mecha_error_message(error);
  mecha_error_free(error);
  return message;
}

// A runtime with the plug-in and, unless it is empty, one document.
mecha_status Open(const std::string& plugin, const std::string& document, mecha_runtime** out,
                  std::string& message) {
  const mecha_view text = conformance::ViewOf(document);
  const mecha_kv setting{conformance::ViewOf("plugins"), conformance::ViewOf(plugin)};
  mecha_runtime_options options{};
  options.struct_size = sizeof options;
  options.api_version = MECHA_API_VERSION;
  options.flags = MECHA_OPEN_USE_ENVIRONMENT;
  options.app_id = conformance::ViewOf("app");
  options.resource_texts = &text;
  options.resource_text_count = document.empty() ? 0 : 1;
  options.settings = &setting;
  options.setting_count = 1;
  mecha_error* error = nullptr;
  const mecha_status status = mecha_runtime_open(&options, out, &error);
  message = TakeMessage(error);
  return status;
}

bool AskStore(mecha_runtime* rt, const Tell& tell) {
  const mecha_view store = conformance::ViewOf("store");
  const mecha_view key = conformance::ViewOf("probe");
  const mecha_buf value{"value", 5, nullptr, nullptr};
  const auto get = [&](const mecha_call* call, mecha_result** out) {
    return mecha_state_get(rt, call, store, key, nullptr, out);
  };
  return Asked(tell, "get of an absent key", MECHA_NOT_FOUND, get) &&
         Asked(tell, "set", MECHA_OK,
               [&](const mecha_call* call, mecha_result** out) {
                 return mecha_state_set(rt, call, store, key, value, nullptr, out);
               }) &&
         Asked(tell, "get", MECHA_OK, get) &&
         Asked(tell, "delete", MECHA_OK, [&](const mecha_call* call, mecha_result** out) {
           return mecha_state_delete(rt, call, store, key, nullptr, out);
         });
}

bool AskAll(mecha_runtime* rt, const Tell& tell) {
  const mecha_view store = conformance::ViewOf("store");
  const bool has_ping =
      Asked(tell, "ping", MECHA_OK, [&](const mecha_call* call, mecha_result** out) {
        return mecha_component_ping(rt, call, store, out);
      });
  if (!has_ping || conformance::kHarness.type.starts_with("state.")) {
    return has_ping && AskStore(rt, tell);
  }
  if (conformance::kHarness.type.starts_with("pubsub.")) {
    return ProbeBroker(rt, tell);
  }
  return Asked(tell, "get of an absent secret", MECHA_NOT_FOUND,
               [&](const mecha_call* call, mecha_result** out) {
                 return mecha_secret_get(rt, call, store, conformance::ViewOf("nosuchsecret"),
                                         nullptr, out);
               });
}

// What the library has against the plug-in.
bool HasNoFaults(mecha_runtime* rt, const Tell& tell) {
  mecha_result* result = nullptr;
  const mecha_status status = mecha_runtime_describe(rt, &result);
  const std::string text = conformance::TakeAnswer(status, result).only().value;
  const std::string advice = ". Tell its makers";
  const size_t end = text.find(advice);
  if (end != std::string::npos) {
    const size_t begin = text.rfind('"', end) + 1;
    tell(text.substr(begin, end - begin));
  }
  return end == std::string::npos;
}

}  // namespace

bool ListTypes(const std::string& plugin, const Tell& tell) {
  mecha_runtime* rt = nullptr;
  std::string message;
  if (Open(plugin, "", &rt, message) != MECHA_OK) {
    tell(message);
    return false;
  }
  mecha_runtime_free(rt);
  // The library has opened and checked it: it is still there.
  void* handle = dlopen(plugin.c_str(), RTLD_NOW | RTLD_LOCAL);
  const mecha_library library{sizeof library, MECHA_SPI_VERSION, mecha_version_string()};
  const auto entry =
      reinterpret_cast<mecha_plugin_entry_function>(dlsym(handle, MECHA_PLUGIN_ENTRY));
  const mecha_plugin* table = entry(&library);
  for (size_t i = 0; i < table->type_count; ++i) {
    tell(std::string(table->types[i]->type) + " " + table->types[i]->version);
  }
  return true;
}

std::vector<PluginType> TypesOf(const std::vector<std::string>& lines) {
  std::vector<PluginType> types;
  for (const std::string& line : lines) {
    const size_t space = line.find(' ');
    types.push_back({line.substr(0, space), line.substr(space + 1)});
  }
  return types;
}

bool Probe(const Tell& tell) {
  const conformance::BackEnd back_end;
  mecha_runtime* rt = nullptr;
  std::string message;
  const std::string plugin(conformance::kHarness.plugin);
  if (Open(plugin, back_end.Document("store"), &rt, message) != MECHA_OK) {
    tell("a runtime does not open: " + message);
    return false;
  }
  mecha_error* error = nullptr;
  bool is_fine = mecha_runtime_start(rt, &error) == MECHA_OK;
  if (!is_fine) {
    tell("init fails: " + TakeMessage(error));
  }
  is_fine = is_fine && AskAll(rt, tell);
  mecha_runtime_shutdown(rt, kFiveSeconds, nullptr);
  is_fine = HasNoFaults(rt, tell) && is_fine;
  mecha_runtime_free(rt);
  return is_fine;
}
