// SPDX-License-Identifier: Apache-2.0
// What each SQLite error code means for a caller: status code, cause and what to do next. The one
// table for it; it never says anything about stored values.
#pragma once

#include <string_view>

#include "result/status.h"

namespace mecha::components {

// `code` may be an extended one. `file` is named in the message; `detail` is SQLite's own text, may
// be empty. An error that struck while a commit waited for the disk is marked "maybe applied".
enum class Moment : unsigned char { kBeforeCommit, kCommit };
Status StatusOfSqlite(int code, std::string_view file, std::string_view detail,
                      Moment moment = Moment::kBeforeCommit);

}  // namespace mecha::components
