// SPDX-License-Identifier: Apache-2.0
// PluginComponent: the life of one component of a plug-in, the same for every block: create, init,
// ping, suspend, resume, close. Not the operations. Threads as for Component; it owns the plug-in's
// `self` and shares the PluginHost with the tasks.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "contract/component.h"
#include "plugins/plugin_host.h"
#include "plugins/plugin_task.h"
#include "plugins/plugin_type.h"

namespace mecha {

class PluginComponent {
 public:
  explicit PluginComponent(std::shared_ptr<const PluginType> type) : type_(std::move(type)) {}

  Status Init(const CallContext& call, const Settings& settings, Host& host);
  Status Ping(const CallContext& call) { return Live(call, type_->table().ping); }
  void Suspend(bool keep_connections);
  Status Resume(const CallContext& call) { return Live(call, type_->table().resume); }
  void Close();

  const PluginType& type() const { return *type_; }
  const std::shared_ptr<const PluginType>& shared_type() const { return type_; }
  // From Init to Close.
  const std::shared_ptr<PluginHost>& host() const { return host_; }
  void* self() const { return self_; }

  // Has `start` begin something without a result, and waits for its end. The calling thread may
  // block.
  Status Await(const CallContext& call, absl::FunctionRef<void(mecha_task)> start);

  // Calls `function` of the plug-in with `request`, and `done` with its answer. A null function is
  // the caller's affair. What `request` points to is needed until this returns.
  template <class T, class Request>
  void Ask(const CallContext& call, void (*function)(void*, mecha_task, const Request*),
           Request request, typename PluginTaskOf<T>::Answering answering, Done<T> done) {
    MetadataTable metadata(call);
    request.struct_size = sizeof request;
    request.info = metadata.info();
    std::make_shared<PluginTaskOf<T>>(host_, call, answering, std::move(done))
        ->Run(call, [&](mecha_task task) { function(self_, task, &request); });
  }

 private:
  // The call's metadata as the C interface has it.
  class MetadataTable {
   public:
    explicit MetadataTable(const CallContext& call);
    const mecha_task_info* info() const { return &info_; }

   private:
    std::vector<mecha_kv> pairs_;
    mecha_task_info info_{};
  };

  Status Live(const CallContext& call, void (*function)(void*, mecha_task));

  const std::shared_ptr<const PluginType> type_;
  std::shared_ptr<PluginHost> host_;
  void* self_ = nullptr;
};

}  // namespace mecha
