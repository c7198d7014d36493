// SPDX-License-Identifier: Apache-2.0
// Writes of state.etcd: each is one flat transaction, after a lease was granted for what is to
// expire. Runs on the caller's thread.
#pragma once

#include <span>
#include <vector>

#include "contract/state_store.h"
#include "etcd_servers.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

WriteOutcome WriteOne(EtcdServers& servers, Layout layout, const CallContext& call,
                      const StateWrite& write);
StatusOr<std::vector<WriteOutcome>> WriteEach(EtcdServers& servers, Layout layout,
                                              const CallContext& call,
                                              std::span<const StateWrite> writes);
StatusOr<std::vector<WriteOutcome>> WriteAll(EtcdServers& servers, Layout layout,
                                             const CallContext& call,
                                             std::span<const StateWrite> writes);

}  // namespace MECHA_COMPONENT
