// SPDX-License-Identifier: Apache-2.0
// Base64 (RFC 4648, standard alphabet). Encoding pads; decoding takes text with or without padding
// and refuses everything else: other characters, blanks, line ends, wrong lengths, stray bits.
// Not the URL alphabet.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mecha {

constexpr size_t Base64EncodedSize(size_t bytes) { return (bytes + 2) / 3 * 4; }
// Upper bound of what `size` characters decode to.
constexpr size_t Base64DecodedBound(size_t size) { return size / 4 * 3 + (size % 4) * 3 / 4; }

// Writes Base64EncodedSize(bytes.size()) characters to `out`, no terminator.
void EncodeBase64(std::string_view bytes, char* out);
std::string EncodeBase64(std::string_view bytes);

// Writes at most Base64DecodedBound(text.size()) bytes to `out` and returns how many; nothing when
// `text` is not base64. `out` may hold anything after a failure, and must not overlap `text`.
std::optional<size_t> DecodeBase64(std::string_view text, char* out);
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace mecha
