// SPDX-License-Identifier: Apache-2.0
// Settings for tests, with the defaults of component.yaml that matter. For tests only.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "contract/settings.h"
#include "encoding/ascii.h"

namespace MECHA_COMPONENT {

using Fields = std::map<std::string, std::string>;

inline Settings MakeSettings(Fields fields) {
  for (const auto& [name, text] : Fields{{"metadataTableName", "dapr_metadata"},
                                         {"tableName", "state"},
                                         {"timeout", "20s"},
                                         {"cleanupInterval", "1h"},
                                         {"queryExecMode", "cache_statement"}}) {
    fields.emplace(name, text);
  }
  std::map<std::string, Settings::Value, std::less<>> values;
  for (const auto& [name, text] : fields) {
    values[ToLower(name)] = {text, false, 0};
  }
  return Settings({"orders", "state.postgresql", "v2", "app", "", "", "", 0}, std::move(values));
}

}  // namespace MECHA_COMPONENT
