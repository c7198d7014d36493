// SPDX-License-Identifier: Apache-2.0
// PluginSecretStore: a secret store of a plug-in, as the contract sees it. Threads as for
// SecretStore.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "contract/secret_store.h"
#include "plugins/plugin_component.h"

namespace mecha {

class PluginSecretStore final : public SecretStore {
 public:
  explicit PluginSecretStore(std::shared_ptr<const PluginType> type) : plugin_(std::move(type)) {}

  Status Init(const CallContext& call, const Settings& settings, Host& host) override {
    return plugin_.Init(call, settings, host);
  }
  Status Ping(const CallContext& call) override { return plugin_.Ping(call); }
  void Suspend(bool keep_connections) override { plugin_.Suspend(keep_connections); }
  Status Resume(const CallContext& call) override { return plugin_.Resume(call); }
  void Close() override { plugin_.Close(); }

  void Get(const CallContext& call, std::string_view name, Done<Secret> done) override;
  void List(const CallContext& call, Done<SecretList> done) override;

 private:
  PluginComponent plugin_;
};

}  // namespace mecha
