// SPDX-License-Identifier: Apache-2.0
// ComponentStarter: brings components up: resolves their values, makes and initialises them, secret
// stores first, the rest side by side; and, with the lazy policy, keeps trying in the background.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "async/runtime_host.h"
#include "resources/configuration_document.h"
#include "result/status.h"
#include "result/status_or.h"
#include "runtime/component_table.h"
#include "runtime/runtime_settings.h"
#include "runtime/value_resolver.h"

namespace mecha {

class ComponentStarter {
 public:
  struct Surroundings {
    RuntimeHost& host;
    const ComponentTable& components;
    const ConfigurationDocument& configuration;
    const ResolverOptions& resolver;
    const RuntimeSettings& settings;
    std::function<std::string()> instance_id;
  };

  explicit ComponentStarter(Surroundings surroundings);
  ~ComponentStarter();

  // OK, or the first broken component's status, by the policy. Blocks.
  Status StartAll();
  // Ends background tries and waits for the one that runs.
  void StopRetries();
  // Takes them up again for every broken component.
  void ResumeRetries();

 private:
  Status StartSecretStores();
  Status StartOthers();
  Status StartAndJudge(ComponentSlot& slot);
  Status StartOne(ComponentSlot& slot);
  Status Initialise(ComponentSlot& slot, const CallContext& call);
  void EndFailedTry(ComponentSlot& slot);
  Status Resolve(ComponentSlot& slot, const CallContext& call);
  Status MakeBlock(ComponentSlot& slot);
  Status MakeStateBlock(ComponentSlot& slot);
  Status MakePubSubBlock(ComponentSlot& slot);
  StatusOr<Secret> Fetch(const CallContext& call, std::string_view store, std::string_view name);
  bool HasItsSecretStores(const ComponentSlot& slot) const;
  bool IsEnough(const ComponentSlot& slot, const Status& status) const;
  void RetryLater(ComponentSlot& slot, Duration pause);
  void Retry(ComponentSlot& slot, Duration pause, uint64_t round);

  const Surroundings around_;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::set<uint64_t> timers_;
  std::set<Waiter*> running_;
  bool is_stopped_ = false;
  uint64_t round_ = 0;  // of retries; those of an earlier one do nothing
};

}  // namespace mecha
