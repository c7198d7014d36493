// SPDX-License-Identifier: Apache-2.0
// PluginStateStore: a state store of a plug-in, as the contract sees it. What the plug-in has no
// function for is done one by one (reading and writing several keys) or refused. Threads as for
// StateStore.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "contract/state_store.h"
#include "plugins/plugin_component.h"

namespace mecha {

class PluginStateStore final : public StateStore {
 public:
  explicit PluginStateStore(std::shared_ptr<const PluginType> type) : plugin_(std::move(type)) {}

  Status Init(const CallContext& call, const Settings& settings, Host& host) override {
    return plugin_.Init(call, settings, host);
  }
  Status Ping(const CallContext& call) override { return plugin_.Ping(call); }
  void Suspend(bool keep_connections) override { plugin_.Suspend(keep_connections); }
  Status Resume(const CallContext& call) override { return plugin_.Resume(call); }
  void Close() override { plugin_.Close(); }

  void Get(const CallContext& call, std::string_view key, const StateRead& read,
           Done<StateValue> done) override;
  void GetMany(const CallContext& call, std::span<const std::string_view> keys,
               const StateRead& read, Done<std::vector<StatusOr<StateValue>>> done) override;
  void Write(const CallContext& call, const StateWrite& write, Done<Etag> done) override;
  void WriteMany(const CallContext& call, std::span<const StateWrite> writes,
                 Done<std::vector<WriteOutcome>> done) override;
  void Transact(const CallContext& call, std::span<const StateWrite> writes,
                Done<std::vector<WriteOutcome>> done) override;
  void List(const CallContext& call, const ListRequest& request, Done<ListPage> done) override;

 private:
  const mecha_state_functions& functions() const { return plugin_.type().state(); }
  void Apply(const CallContext& call, std::span<const StateWrite> writes, bool is_atomic,
             Done<std::vector<WriteOutcome>> done);

  PluginComponent plugin_;
};

}  // namespace mecha
