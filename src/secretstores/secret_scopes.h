// SPDX-License-Identifier: Apache-2.0
// IsSecretAllowed: whether this application may read a secret, by Dapr's rule.
#pragma once

#include <string_view>

#include "resources/configuration_document.h"

namespace mecha {

// No scope allows everything. Else: a list of allowed secrets allows only those; then a denied one
// is refused; then the default decides.
bool IsSecretAllowed(const SecretScope* scope, std::string_view name);

const SecretScope* FindSecretScope(const ConfigurationDocument& configuration,
                                   std::string_view store);

}  // namespace mecha
