// SPDX-License-Identifier: Apache-2.0
// Runtime: owns everything: the host, the components, the operations in flight, the queues. Its
// life: opened, running, suspended and running again, closed. Safe from any thread; Start, Suspend,
// Resume and Shutdown take turns.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/runtime_host.h"
#include "config/load_resources.h"
#include "contract/registry.h"
#include "modules/module_loader.h"
#include "operation/completion_queue.h"
#include "operation/gate.h"
#include "operation/operation_table.h"
#include "result/status_or.h"
#include "runtime/component_table.h"
#include "runtime/runtime_settings.h"
#include "runtime/serving.h"
#include "runtime/value_resolver.h"

namespace mecha {

class ComponentStarter;

struct RuntimeOptions {
  std::string app_id;
  std::string name_space;
  bool uses_environment = false;
  bool host_runs_loop = false;
  ResourceSources resources;
  RuntimeSettings settings;
  std::function<void(const char* name)> thread_started;
  std::function<void(const char* name)> thread_stopping;
  // Fills the registry: RegisterComponents, or fewer in a test.
  void (*register_components)(Registry& registry) = nullptr;
};

// How a drain ended.
struct DrainReport {
  uint32_t finished = 0;       // ended by themselves
  uint32_t stopped = 0;        // ended when asked to
  uint32_t abandoned = 0;      // still running; nothing of theirs is freed
  bool left_handlers = false;  // requests were open at the deadline; their replies are GONE
  uint64_t returned = 0;       // messages no handler had seen
  std::string registrations = "[]";
  std::string ToJson() const;
};

class Runtime final : public OperationOwner {
 public:
  static StatusOr<std::unique_ptr<Runtime>> Open(RuntimeOptions options);
  ~Runtime() override;

  Status Start();
  Status Suspend(Duration deadline, bool keep_connections, DrainReport* report);
  Status Resume();
  // In a forked child: makes the parent's runtime, which is at rest, this process's own. False when
  // it is not at rest.
  bool Adopt();
  Status Shutdown(Duration deadline, DrainReport* report);
  // False: operations were abandoned, and the runtime must not be destroyed.
  bool CanBeDestroyed() const { return !has_abandoned_.load(); }

  // Lets one operation in; OnOperationEnd lets it out.
  Status Enter() { return gate_.Enter(); }
  // The same on behalf of an open request, whose handler may go on while everything ends.
  Status EnterWithin(uint64_t request);
  void Leave() { gate_.Leave(); }
  void OnOperationEnd(Operation& operation) override;
  Status Cancel(uint64_t id);

  StatusOr<std::shared_ptr<CompletionQueue>> OpenQueue(QueueOptions options);

  // Operations that change resources while the runtime runs.
  StatusOr<Prepared> ApplyResources(const CallOptions& call, std::string_view text);
  StatusOr<Prepared> DeleteResource(const CallOptions& call, std::string_view kind,
                                    std::string_view name);

  Status Ping(const CallContext& call, std::string_view component);
  std::string Describe() const;
  std::string Metrics() const;

  const ComponentTable& components() const { return components_; }
  OperationTable& operations() { return *operations_; }
  // For queues, which may outlive the runtime.
  const std::shared_ptr<OperationTable>& shared_operations() const { return operations_; }
  const std::shared_ptr<RuntimeHost>& shared_host() const { return host_; }
  RuntimeHost& host() { return *host_; }
  Serving& serving() { return *serving_; }
  // For operations of no component; they run where they may block.
  Target own_target() { return {host_.get(), this, &own_counters_, Execution::kBlocking}; }
  const RuntimeOptions& options() const { return options_; }
  Gate::Phase phase() const { return gate_.phase(); }
  uint32_t inside() const { return gate_.inside(); }
  std::string instance_id() const;

 private:
  explicit Runtime(RuntimeOptions options);

  LoadOptions MakeLoadOptions() const;
  Status Load();
  StatusOr<const Registry::Entry*> FindType(const ComponentDocument& document);
  Status AddComponent(ComponentDocument document, Findings& findings);
  void CloseComponents();
  Status ResumeComponents();
  Status ResumeComponent(ComponentSlot& slot);
  void SuspendComponents(bool keep_connections);
  bool AwaitQueues(Duration patience);
  void RenewInstanceId();
  bool AwaitOperations(Deadline deadline);
  DrainReport Drain(Duration deadline, StopCause cause);
  void StopAllOperations(StopCause cause);
  void EndQueues(Duration patience, DrainReport* report);
  void ForwardNotices();
  void CheckLeftOut(std::vector<LeftOutResource>& left_out) const;
  void AddSubscriptions(std::vector<SubscriptionDocument> documents, Findings& findings);
  std::vector<std::shared_ptr<CompletionQueue>> LiveQueues() const;

  const RuntimeOptions options_;
  ResolverOptions resolver_options_;
  std::shared_ptr<RuntimeHost> host_;
  const ModuleLoader modules_;
  Registry registry_;
  ConfigurationDocument configuration_;
  Gate gate_;
  std::shared_ptr<OperationTable> operations_ = std::make_shared<OperationTable>();
  ComponentTable components_;
  std::unique_ptr<ComponentStarter> starter_;
  Counters own_counters_;
  std::unique_ptr<Serving> serving_;
  mutable std::mutex mutex_;  // queues_ and instance_id_
  std::vector<std::weak_ptr<CompletionQueue>> queues_;
  std::string instance_id_;
  std::mutex life_mutex_;                // one change of life at a time
  std::atomic<bool> is_at_rest_{false};  // suspended, and no descriptor left
  std::atomic<bool> has_abandoned_{false};
};

}  // namespace mecha
