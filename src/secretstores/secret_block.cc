// SPDX-License-Identifier: Apache-2.0
#include "secretstores/secret_block.h"

#include "result/status.h"
#include "secretstores/secret_operation.h"
#include "secretstores/secret_scopes.h"

namespace mecha {

bool SecretBlock::Allows(std::string_view name) const { return IsSecretAllowed(scope_, name); }

Prepared SecretBlock::Get(const CallOptions& call, std::string_view name) {
  auto* operation = new SecretOperation(*this, call, Verb::kSecretGet, name);
  if (name.empty()) {
    return {operation, InvalidArgument("the secret's name is empty; name one, or list them all")};
  }
  if (!Allows(name)) {
    return {operation,
            Status(StatusCode::kPermissionDenied,
                   "this application may not read the secret; see spec.secrets.scopes of its "
                   "Configuration")};
  }
  return {operation, OkStatus()};
}

Prepared SecretBlock::List(const CallOptions& call) {
  return {new SecretOperation(*this, call, Verb::kSecretList, {}), OkStatus()};
}

}  // namespace mecha
