// SPDX-License-Identifier: Apache-2.0
// OpenedRuntime: a runtime as a host opens and starts it, by the C interface, with one setting and
// one document; or why there is none. Owns the runtime. One thread.
#pragma once

#include <string>
#include <string_view>

#include "mecha/mecha.h"

namespace mecha::test {

class OpenedRuntime {
 public:
  // With an empty document, or the empty name of a setting, there is none.
  OpenedRuntime(std::string_view setting, std::string_view value, std::string_view document) {
    const mecha_view text = View(document);
    const mecha_kv given = {View(setting), View(value)};
    mecha_runtime_options options{};
    options.struct_size = sizeof options;
    options.api_version = MECHA_API_VERSION;
    options.app_id = View("app");
    options.resource_texts = &text;
    options.resource_text_count = document.empty() ? 0 : 1;
    options.settings = &given;
    options.setting_count = setting.empty() ? 0 : 1;
    mecha_error* error = nullptr;
    status = mecha_runtime_open(&options, &runtime, &error);
    if (status == MECHA_OK) {
      status = mecha_runtime_start(runtime, &error);
    }
    message = error == nullptr ? "" : mecha_error_message(error);
    mecha_error_free(error);
  }
  OpenedRuntime(const OpenedRuntime&) = delete;
  OpenedRuntime& operator=(const OpenedRuntime&) = delete;
  ~OpenedRuntime() { mecha_runtime_free(runtime); }

  static mecha_view View(std::string_view text) { return {text.data(), text.size()}; }
  // The value of the first item; releases the result.
  static std::string Take(mecha_result* result) {
    mecha_item item{};
    item.struct_size = sizeof item;
    mecha_result_item(result, 0, &item);
    std::string text(static_cast<const char*>(item.value.data), item.value.size);
    mecha_result_release(result);
    return text;
  }
  std::string Describe() const {
    mecha_result* result = nullptr;
    return mecha_runtime_describe(runtime, &result) == MECHA_OK ? Take(result) : std::string();
  }
  bool Says(std::string_view part) const { return message.find(part) != std::string::npos; }

  mecha_status status = MECHA_OK;
  std::string message;
  mecha_runtime* runtime = nullptr;
};

}  // namespace mecha::test
