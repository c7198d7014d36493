// SPDX-License-Identifier: Apache-2.0
// Reads of state.etcd: each is one request, but a long bulk read, which is one for each maxTxnOps
// keys. Runs on the caller's thread.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "contract/state_store.h"
#include "etcd_servers.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

Status ReadNothing(EtcdServers& servers, const CallContext& call);
StatusOr<StateValue> ReadOne(EtcdServers& servers, Layout layout, const CallContext& call,
                             std::string_view key);
StatusOr<std::vector<StatusOr<StateValue>>> ReadMany(EtcdServers& servers, Layout layout,
                                                     const CallContext& call,
                                                     std::span<const std::string_view> keys);
StatusOr<ListPage> ListKeys(EtcdServers& servers, const CallContext& call,
                            const ListRequest& request);

}  // namespace MECHA_COMPONENT
