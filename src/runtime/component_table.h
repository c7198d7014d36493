// SPDX-License-Identifier: Apache-2.0
// ComponentTable: the components of a runtime by name. Built once at open; only the slots change.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "operation/error.h"
#include "resources/resource_set.h"
#include "result/status_or.h"
#include "runtime/component_slot.h"

namespace mecha {

class ComponentTable {
 public:
  void Add(std::unique_ptr<ComponentSlot> slot);
  void SetLeftOut(std::vector<LeftOutResource> left_out) { left_out_ = std::move(left_out); }

  ComponentSlot* Find(std::string_view name) const;
  // The block of a component that is ready; NOT_FOUND lists the names of that kind, UNAVAILABLE
  // carries the last cause.
  StatusOr<StateBlock*> FindState(std::string_view name) const;
  StatusOr<SecretBlock*> FindSecrets(std::string_view name) const;
  StatusOr<PubSubBlock*> FindPubSub(std::string_view name) const;
  StatusOr<ComponentSlot*> FindAny(std::string_view name) const;

  // A failure before there was an operation to tell of it: with the component of that name, if
  // there is one, as details.
  std::unique_ptr<Error> MakeError(std::string_view name, const Status& status) const;

  const std::vector<std::unique_ptr<ComponentSlot>>& slots() const { return slots_; }
  const std::vector<LeftOutResource>& left_out() const { return left_out_; }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  Status Missing(std::string_view block, std::string_view name) const;

  std::vector<std::unique_ptr<ComponentSlot>> slots_;
  std::vector<LeftOutResource> left_out_;
  std::unordered_map<std::string, ComponentSlot*, Hash, std::equal_to<>> by_name_;
};

}  // namespace mecha
