// SPDX-License-Identifier: Apache-2.0
// Lists keys with SCAN. Like SCAN it shows every key that exists from the first page to the last,
// and may show others that came or went meanwhile; a key may come twice, on different pages, when
// the server's table grows or shrinks. Runs on the caller's thread.
#pragma once

#include "connection/connection_pool.h"
#include "contract/state_store.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

StatusOr<ListPage> ListKeys(ConnectionPool& pool, const CallContext& call,
                            const ListRequest& request);

}  // namespace MECHA_COMPONENT
