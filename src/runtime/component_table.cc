// SPDX-License-Identifier: Apache-2.0
#include "runtime/component_table.h"

#include <algorithm>
#include <utility>

#include "encoding/nearest_name.h"
#include "encoding/quoted.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha {

void ComponentTable::Add(std::unique_ptr<ComponentSlot> slot) {
  by_name_.emplace(slot->document.name, slot.get());
  slots_.push_back(std::move(slot));
}

ComponentSlot* ComponentTable::Find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

StatusOr<StateBlock*> ComponentTable::FindState(std::string_view name) const {
  ComponentSlot* slot = Find(name);
  if (slot == nullptr || !slot->is_state_store()) {
    return Missing("state", name);
  }
  RETURN_IF_ERROR(slot->service->CheckReady());
  return slot->state.get();
}

StatusOr<SecretBlock*> ComponentTable::FindSecrets(std::string_view name) const {
  ComponentSlot* slot = Find(name);
  if (slot == nullptr || !slot->is_secret_store()) {
    return Missing("secretstores", name);
  }
  RETURN_IF_ERROR(slot->service->CheckReady());
  return slot->secrets.get();
}

StatusOr<PubSubBlock*> ComponentTable::FindPubSub(std::string_view name) const {
  ComponentSlot* slot = Find(name);
  if (slot == nullptr || !slot->is_pub_sub()) {
    return Missing("pubsub", name);
  }
  RETURN_IF_ERROR(slot->service->CheckReady());
  return slot->messages.get();
}

StatusOr<ComponentSlot*> ComponentTable::FindAny(std::string_view name) const {
  ComponentSlot* slot = Find(name);
  if (slot == nullptr) {
    return Missing({}, name);
  }
  return slot;
}

std::unique_ptr<Error> ComponentTable::MakeError(std::string_view name,
                                                 const Status& status) const {
  auto error = std::make_unique<Error>(Error::From(status));
  const ComponentSlot* slot = Find(name);
  if (slot != nullptr) {
    const Service::Identity& identity = slot->service->identity();
    error->AddDetail("component", identity.name);
    error->AddDetail("type", std::string(slot->service->info().type));
    error->AddDetail("file", identity.file);
    error->AddDetail("line", std::to_string(identity.line));
  }
  return error;
}

Status ComponentTable::Missing(std::string_view block, std::string_view name) const {
  std::vector<std::string_view> names;
  std::string list;
  for (const auto& slot : slots_) {
    if (block.empty() || slot->service->identity().block == block) {
      names.push_back(slot->document.name);
      list += (list.empty() ? "" : ", ") + slot->document.name;
    }
  }
  std::string message = "there is no ";
  message += block.empty() ? "component" : std::string(block) + " component";
  message += " named " + Quoted(name);
  const auto left_out = std::ranges::find_if(left_out_, [&](const LeftOutResource& one) {
    return one.kind == "Component" && one.name == name;
  });
  if (left_out != left_out_.end()) {
    return Status(StatusCode::kNotFound, message + ": the one at " + ToText(left_out->location) +
                                             " is left out, because " + left_out->reason);
  }
  message += "." + DidYouMean(name, names);
  message +=
      list.empty() ? " None is loaded; check the resource paths and scopes" : " Loaded: " + list;
  return Status(StatusCode::kNotFound, message);
}

}  // namespace mecha
