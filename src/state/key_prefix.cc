// SPDX-License-Identifier: Apache-2.0
#include "state/key_prefix.h"

#include "encoding/ascii.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha {
namespace {

StatusOr<std::string> WithSeparator(std::string_view prefix) {
  if (prefix.find(kKeySeparator) != std::string_view::npos) {
    return InvalidArgument("the key prefix \"" + std::string(prefix) + "\" holds \"||\"");
  }
  return std::string(prefix) + std::string(kKeySeparator);
}

}  // namespace

StatusOr<std::string> MakeKeyPrefix(std::string_view strategy, const Settings::Identity& identity) {
  const std::string wanted = ToLower(strategy);
  if (wanted == "none") {
    return std::string();
  }
  if (wanted == "name") {
    return WithSeparator(identity.name);
  }
  const bool is_by_app = wanted.empty() || wanted == "appid" || wanted == "namespace";
  if (!is_by_app) {
    return WithSeparator(wanted);
  }
  if (identity.app_id.empty()) {
    return InvalidArgument(
        "keyPrefix needs an app id and the runtime has none; set the runtime's app id, "
        "or keyPrefix to \"name\" or \"none\"");
  }
  if (wanted == "namespace" && !identity.name_space.empty()) {
    return WithSeparator(identity.name_space + "." + identity.app_id);
  }
  return WithSeparator(identity.app_id);
}

}  // namespace mecha
