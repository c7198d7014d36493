// SPDX-License-Identifier: Apache-2.0
// SecretBlock: everything about secrets that is the same for every store: scopes, wiping, the words
// of errors. One per secret component. Safe from any thread.
#pragma once

#include <string_view>

#include "contract/secret_store.h"
#include "operation/operation.h"
#include "operation/service.h"
#include "resources/configuration_document.h"

namespace mecha {

class SecretBlock {
 public:
  // All outlive it; `scope` may be null.
  SecretBlock(Service& service, SecretStore& store, const SecretScope* scope)
      : service_(service), store_(store), scope_(scope) {}

  // As StateBlock: an operation, to be refused unless `refused` is OK.
  Prepared Get(const CallOptions& call, std::string_view name);
  Prepared List(const CallOptions& call);

  Service& service() { return service_; }
  SecretStore& store() { return store_; }
  bool Allows(std::string_view name) const;

 private:
  Service& service_;
  SecretStore& store_;
  const SecretScope* const scope_;
};

}  // namespace mecha
