// SPDX-License-Identifier: Apache-2.0
// What nlohmann-json says of a text, to judge our own scanner by. For tests only.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace mecha {

// Whether `text` is one JSON value. Nothing when the two differ on purpose: nlohmann refuses
// numbers beyond a double, which RFC 8259 allows. It also takes a byte order mark, and a NUL as the
// end of the text; both are no JSON, so they are answered here.
inline std::optional<bool> ReferenceIsJson(std::string_view text) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF" || text.find('\0') != std::string_view::npos) {
    return false;
  }
  try {
    [[maybe_unused]] const auto tree =
        nlohmann::json::parse(text.data(), text.data() + text.size());
    return true;
  } catch (const nlohmann::json::out_of_range&) {
    return std::nullopt;
  } catch (const nlohmann::json::parse_error&) {
    return false;
  }
}

}  // namespace mecha
