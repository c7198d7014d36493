// SPDX-License-Identifier: Apache-2.0
// The one table that turns what MySQL, MariaDB and the client library say into a status. It decides
// codes and words; it does not decide on retries.
#pragma once

#include <string_view>

#include "result/status.h"

namespace MECHA_COMPONENT {

// `number` is mysql_errno's. An error of the server says that the statement did nothing; one of the
// client library leaves that open, and ends the connection.
Status FromMysql(unsigned number, std::string_view words);
bool IsOfClient(unsigned number);

}  // namespace MECHA_COMPONENT
