// SPDX-License-Identifier: Apache-2.0
// Somebody's text, made fit for a message. Not an encoding to be read back: see json.h for that.
#pragma once

#include <string>
#include <string_view>

namespace mecha {

// `text` in quotes, shortened, with control bytes as \xNN.
std::string Quoted(std::string_view text);

}  // namespace mecha
