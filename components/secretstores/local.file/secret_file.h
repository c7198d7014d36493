// SPDX-License-Identifier: Apache-2.0
// Turns the text of a JSON secrets file into secrets. It reads no file and keeps nothing.
#pragma once

#include <string_view>

#include "contract/secret_store.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

struct SecretFileOptions {
  std::string_view separator = ":";  // between the names of nested values
  bool is_multi_valued = false;      // a top-level name is one secret, the names below it its keys
};

// INVALID_ARGUMENT with line and column for what is not a JSON object, for nesting deeper than 64
// and for two values that end up under one name. Messages never quote the file's values.
StatusOr<SecretList> ParseSecretFile(std::string_view text, const SecretFileOptions& options);

}  // namespace MECHA_COMPONENT
