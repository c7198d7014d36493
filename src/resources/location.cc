// SPDX-License-Identifier: Apache-2.0
#include "resources/location.h"

namespace mecha {

std::string ToText(const Location& location) {
  std::string text = location.file;
  if (location.line > 0) {
    text += ':' + std::to_string(location.line);
    if (location.column > 0) {
      text += ':' + std::to_string(location.column);
    }
  }
  return text;
}

}  // namespace mecha
