// SPDX-License-Identifier: Apache-2.0
// ConnectionString: the field connectionString, taken apart: "host=... user=..." or a postgres://
// URL, as libpq and Dapr's driver read it. It opens nothing and reads no environment.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "result/status_or.h"

namespace MECHA_COMPONENT {

// Keywords in lower case ("host", "sslmode", "pool_max_conns"), each with what was written last.
using ConnectionWords = std::map<std::string, std::string, std::less<>>;

// INVALID_ARGUMENT says what is wrong, never with the text itself: it may hold a password.
StatusOr<ConnectionWords> ParseConnectionString(std::string_view text);

// `value` between single quotes, as libpq's connection strings want it.
std::string QuotedWord(std::string_view value);

}  // namespace MECHA_COMPONENT
