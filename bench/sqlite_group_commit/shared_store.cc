// SPDX-License-Identifier: Apache-2.0
#include "sqlite_group_commit/shared_store.h"

#include "sqlite_group_commit/own_connection.h"

namespace bench {
namespace {

mecha_view ViewOf(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

SharedStore::SharedStore(const std::string& file, const std::string& synchronous) {
  const std::string document =
      "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: store\nspec:\n"
      "  type: state.sqlite\n  version: v1\n  metadata:\n"
      "    - {name: keyPrefix, value: none}\n"
      "    - {name: synchronous, value: " +
      synchronous +
      "}\n"
      "    - {name: connectionString, value: \"" +
      file + "\"}\n";
  const mecha_view text = ViewOf(document);
  mecha_runtime_options options{};
  options.struct_size = sizeof options;
  options.api_version = MECHA_API_VERSION;
  options.resource_texts = &text;
  options.resource_text_count = 1;
  mecha_error* error = nullptr;
  if (mecha_runtime_open(&options, &runtime_, &error) != MECHA_OK ||
      mecha_runtime_start(runtime_, &error) != MECHA_OK) {
    Fail(mecha_error_message(error));
  }
}

void SharedStore::Set(std::string_view key, std::string_view value) const {
  mecha_result* result = nullptr;
  const mecha_buf buffer = {value.data(), value.size(), nullptr, nullptr};
  if (mecha_state_set(runtime_, nullptr, ViewOf("store"), ViewOf(key), buffer, nullptr, &result) !=
      MECHA_OK) {
    Fail(mecha_error_message(mecha_result_error(result, MECHA_RESULT_WHOLE)));
  }
  mecha_result_release(result);
}

}  // namespace bench
