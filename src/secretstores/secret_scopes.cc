// SPDX-License-Identifier: Apache-2.0
#include "secretstores/secret_scopes.h"

#include <algorithm>

namespace mecha {

bool IsSecretAllowed(const SecretScope* scope, std::string_view name) {
  if (scope == nullptr) {
    return true;
  }
  const auto holds = [name](const auto& names) {
    return std::ranges::find(names, name) != names.end();
  };
  if (!scope->allowed_secrets.empty()) {
    return holds(scope->allowed_secrets);
  }
  return !holds(scope->denied_secrets) && scope->allows_by_default;
}

const SecretScope* FindSecretScope(const ConfigurationDocument& configuration,
                                   std::string_view store) {
  for (const SecretScope& scope : configuration.secret_scopes) {
    if (scope.store_name == store) {
      return &scope;
    }
  }
  return nullptr;
}

}  // namespace mecha
