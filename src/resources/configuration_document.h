// SPDX-License-Identifier: Apache-2.0
// ConfigurationDocument: all `kind: Configuration` documents merged into one, field by field in
// load order. It holds only what this version acts on: spec.secrets.scopes.
#pragma once

#include <string>
#include <vector>

#include "resources/location.h"

namespace mecha {

// Which secrets of one store an application may read.
struct SecretScope {
  std::string store_name;
  bool allows_by_default = true;             // defaultAccess
  std::vector<std::string> allowed_secrets;  // when not empty, only these
  std::vector<std::string> denied_secrets;
  Location location;
};

struct ConfigurationDocument {
  std::vector<SecretScope> secret_scopes;
};

}  // namespace mecha
