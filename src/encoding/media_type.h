// SPDX-License-Identifier: Apache-2.0
// Media types of content-type texts. Parameters ("; charset=utf-8") and the case of letters do not
// count; nothing here reads them.
#pragma once

#include <string_view>

#include "encoding/ascii.h"

namespace mecha {

// Whether `content_type` is `wanted`, which has no parameters.
constexpr bool IsMediaType(std::string_view content_type, std::string_view wanted) {
  std::string_view media = content_type.substr(0, content_type.find(';'));
  while (!media.empty() && media.back() == ' ') {
    media.remove_suffix(1);
  }
  return EqualsIgnoringCase(media, wanted);
}

}  // namespace mecha
