// SPDX-License-Identifier: Apache-2.0
// Reads and writes of state.mysql as statements over one connection. What is in a transaction is
// the caller's business. Runs on the caller's thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "contract/state_store.h"
#include "mysql_connection.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

// One statement each. `table` is "schema.table".
StatusOr<StateValue> ReadRow(MysqlConnection& connection, const CallContext& call,
                             std::string_view table, std::string_view key);
// outcomes[i] is what became of keys[i].
Status ReadRows(MysqlConnection& connection, const CallContext& call, std::string_view table,
                std::span<const std::string_view> keys, std::span<StatusOr<StateValue>> outcomes);
StatusOr<ListPage> ReadKeys(MysqlConnection& connection, const CallContext& call,
                            std::string_view table, const ListRequest& request);

// What can be told without the server: INVALID_ARGUMENT for a key that the column does not take.
Status CheckKey(std::string_view key);
Status CheckWrite(const StateWrite& write, WallTime now);
WriteOutcome WriteRow(MysqlConnection& connection, const CallContext& call, std::string_view table,
                      const StateWrite& write, Host& host);

}  // namespace MECHA_COMPONENT
