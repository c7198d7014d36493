// SPDX-License-Identifier: Apache-2.0
#include "memcached_etag.h"

#include <array>
#include <charconv>
#include <optional>

#include "encoding/number.h"
#include "result/status.h"

namespace MECHA_COMPONENT {
namespace {

// A number as to_chars writes it.
std::optional<uint64_t> ReadNumber(std::string_view text) {
  const bool has_leading_zero = text.size() > 1 && text.front() == '0';
  return has_leading_zero ? std::nullopt : ParseNumber<uint64_t>(text);
}

}  // namespace

Etag MakeEtag(const ItemVersion& version) {
  if (version.number == 0) {
    return Etag();
  }
  std::array<char, Etag::kMaxBytes> text;
  char* const end = text.data() + text.size();
  char* out = std::to_chars(text.data(), end, version.number).ptr;
  for (const uint64_t part : {version.start.seconds, version.start.process}) {
    *out++ = '-';
    out = std::to_chars(out, end, part).ptr;
  }
  return Etag(std::string_view(text.data(), static_cast<size_t>(out - text.data())));
}

StatusOr<ItemVersion> ParseEtag(std::string_view etag) {
  const size_t first = etag.find('-');
  const size_t second = etag.find('-', first == etag.npos ? first : first + 1);
  if (second != etag.npos) {
    const auto number = ReadNumber(etag.substr(0, first));
    const auto seconds = ReadNumber(etag.substr(first + 1, second - first - 1));
    const auto process = ReadNumber(etag.substr(second + 1));
    if (number.value_or(0) != 0 && seconds.has_value() && process.has_value()) {
      return ItemVersion{*number, {*seconds, *process}};
    }
  }
  return InvalidArgument(
      "the etag is none of state.memcached; pass the etag that a get or a write returned");
}

}  // namespace MECHA_COMPONENT
