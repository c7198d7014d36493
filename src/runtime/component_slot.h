// SPDX-License-Identifier: Apache-2.0
// ComponentSlot: one component of a runtime: its document, its settings once resolved, the
// component itself, and the block in front of it. The service's health says whether the rest may be
// used.
#pragma once

#include <memory>
#include <optional>

#include "contract/registry.h"
#include "contract/settings.h"
#include "operation/service.h"
#include "pubsub/pubsub_block.h"
#include "resources/component_document.h"
#include "secretstores/secret_block.h"
#include "state/state_block.h"

namespace mecha {

struct ComponentSlot {
  ComponentDocument document;
  const Registry::Entry* entry = nullptr;
  std::unique_ptr<Service> service;

  std::optional<Settings> settings;
  std::unique_ptr<StateStore> state_store;
  std::unique_ptr<SecretStore> secret_store;
  std::unique_ptr<PubSub> pub_sub;
  std::unique_ptr<StateBlock> state;
  std::unique_ptr<SecretBlock> secrets;
  std::unique_ptr<PubSubBlock> messages;

  bool is_secret_store() const { return std::holds_alternative<MakeSecretStore>(entry->make); }
  bool is_state_store() const { return std::holds_alternative<MakeStateStore>(entry->make); }
  bool is_pub_sub() const { return std::holds_alternative<MakePubSub>(entry->make); }
  // Null before the first try to start, and after Drop.
  Component* component() const {
    if (is_pub_sub()) {
      return pub_sub.get();
    }
    return is_secret_store() ? static_cast<Component*>(secret_store.get()) : state_store.get();
  }
  // Destroys the component, which is closed, and its block.
  void Drop() {
    state.reset();
    secrets.reset();
    messages.reset();
    state_store.reset();
    secret_store.reset();
    pub_sub.reset();
  }
};

}  // namespace mecha
