// SPDX-License-Identifier: Apache-2.0
// Makes the database and the tables as Dapr does, where they are missing. Runs on the caller's
// thread.
#pragma once

#include "contract/host.h"
#include "mysql_connection.h"
#include "mysql_options.h"
#include "result/status.h"

namespace MECHA_COMPONENT {

Status MakeTables(MysqlConnection& connection, const CallContext& call,
                  const MysqlOptions& options);

}  // namespace MECHA_COMPONENT
