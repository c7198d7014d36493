// SPDX-License-Identifier: Apache-2.0
#include "plugins/plugin_component.h"

namespace mecha {

PluginComponent::MetadataTable::MetadataTable(const CallContext& call) {
  pairs_.reserve(call.metadata.size());
  for (const auto& [key, value] : call.metadata) {
    pairs_.push_back({ViewOf(key), ViewOf(value)});
  }
  info_ = {.struct_size = sizeof info_,
           .reserved = 0,
           .metadata = pairs_.data(),
           .metadata_count = pairs_.size(),
           .traceparent = ViewOf(call.traceparent)};
}

Status PluginComponent::Init(const CallContext& call, const Settings& settings, Host& host) {
  Close();  // of a try that failed
  host_ = std::make_shared<PluginHost>(type_, settings, host);
  self_ = type_->table().create(host_->table());
  if (self_ == nullptr) {
    host_->Close();
    host_.reset();
    return Status(StatusCode::kNoMemory,
                  "the plug-in " + type_->plugin() + " could not create its component");
  }
  return Live(call, type_->table().init);
}

Status PluginComponent::Live(const CallContext& call, void (*function)(void*, mecha_task)) {
  if (function == nullptr) {
    return OkStatus();
  }
  return Await(call, [&](mecha_task task) { function(self_, task); });
}

// The calling thread may block, so the answer is there when Run returns.
Status PluginComponent::Await(const CallContext& call, absl::FunctionRef<void(mecha_task)> start) {
  Status ended = Internal("the plug-in did not answer");
  const PluginTaskOf<int>::Answering answering{ReadNothing, 0, TaskKind::kRead};
  std::make_shared<PluginTaskOf<int>>(host_, call, answering, [&ended](StatusOr<int> answer) {
    ended = answer.ok() ? OkStatus() : std::move(answer).status();
  })->Run(call, start);
  return ended;
}

void PluginComponent::Suspend(bool keep_connections) {
  if (type_->table().suspend != nullptr) {
    type_->table().suspend(self_, keep_connections ? 1 : 0);
  }
}

void PluginComponent::Close() {
  if (self_ != nullptr) {
    type_->table().close(std::exchange(self_, nullptr));
    host_->Close();
    host_.reset();
  }
}

}  // namespace mecha
