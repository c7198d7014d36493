// SPDX-License-Identifier: Apache-2.0
// Location: where in the resources something stands. A value; lines and columns count from 1, and 0
// means "the whole file".
#pragma once

#include <string>

namespace mecha {

struct Location {
  std::string file;  // as the host named it, or "text 1" for documents given as text
  int line = 0;
  int column = 0;
};

// "file:line:column", shorter where the line or column is unknown.
std::string ToText(const Location& location);

}  // namespace mecha
