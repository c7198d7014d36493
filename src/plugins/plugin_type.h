// SPDX-License-Identifier: Apache-2.0
// PluginType: one component type of a plug-in: its tables, read and checked once, and what they say
// as a ComponentInfo. Not a component. Immutable; it points into the plug-in, which is never
// unloaded. Any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "contract/component_info.h"
#include "mecha/component.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha {

class PluginType {
 public:
  // INVALID_ARGUMENT says what in the tables is wrong, VERSION what is newer than this library.
  // `plugin` is its name, for messages.
  static StatusOr<std::shared_ptr<const PluginType>> Make(std::string plugin,
                                                          const mecha_component_type* table);
  PluginType(const PluginType&) = delete;
  PluginType& operator=(const PluginType&) = delete;

  const std::string& plugin() const { return plugin_; }
  const ComponentInfo& info() const { return info_; }
  const mecha_component_type& table() const { return table_; }
  const mecha_state_functions& state() const { return state_; }
  const mecha_secret_functions& secrets() const { return secrets_; }
  const mecha_pubsub_functions& pubsub() const { return pubsub_; }
  // By name, in any case; null when the type has no such field.
  const FieldInfo* FindField(std::string_view name) const;

 private:
  PluginType(std::string plugin, const mecha_component_type& table);

  Status Check() const;
  Status CheckFunctions() const;
  Status CheckBroker() const;
  Status CheckFields() const;
  void FillFields();
  void FillCapabilities();
  void FillStateCapabilities();
  void FillBrokerCapabilities();
  bool Can(uint32_t bit) const { return (table_.capabilities & bit) != 0; }
  void AddCapability(std::string_view name, bool is_native, Support otherwise = Support::kNone);

  const std::string plugin_;
  const mecha_component_type table_;
  const mecha_state_functions state_;
  const mecha_secret_functions secrets_;
  const mecha_pubsub_functions pubsub_;
  std::vector<FieldInfo> fields_;
  std::vector<CapabilityInfo> capabilities_;
  ComponentInfo info_;
};

}  // namespace mecha
