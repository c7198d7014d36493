// SPDX-License-Identifier: Apache-2.0
// Undoes what nlohmann-json does to the text of a fraction: it gives it with the decimal point of
// the process's locale, which is the host's. Pure.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace mecha {

// `number` is what the parser gave as the text of a number.
inline std::string WithDecimalPoint(std::string number) {
  constexpr std::string_view kOthers = "0123456789+-eE";
  const auto is_point = [&](char c) { return kOthers.find(c) == std::string_view::npos; };
  std::replace_if(number.begin(), number.end(), is_point, '.');
  return number;
}

}  // namespace mecha
