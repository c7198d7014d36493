// SPDX-License-Identifier: Apache-2.0
#include "state/page_token.h"

#include "encoding/base64.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha {
namespace {

constexpr char kFormat = '1';
constexpr size_t kHashBytes = 8;

// FNV-1a: guards against mix-ups, not against attackers.
std::string HashOf(const PageScope& scope) {
  uint64_t hash = 14695981039346656037ULL;
  for (const std::string_view part : {scope.store, std::string_view("\0", 1), scope.prefix}) {
    for (const char c : part) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    }
  }
  std::string bytes;
  for (size_t i = 0; i < kHashBytes; ++i) {
    bytes.push_back(static_cast<char>(hash >> (8 * i)));
  }
  return bytes;
}

}  // namespace

std::string EncodePageToken(const PageScope& scope, std::string_view position) {
  return EncodeBase64(kFormat + HashOf(scope) + std::string(position));
}

StatusOr<std::string> DecodePageToken(const PageScope& scope, std::string_view token) {
  const auto bytes = DecodeBase64(token);
  if (!bytes.has_value() || bytes->size() < 1 + kHashBytes || (*bytes)[0] != kFormat) {
    return InvalidArgument("the page token is not one of this version; start from the first page");
  }
  if (bytes->compare(1, kHashBytes, HashOf(scope)) != 0) {
    return InvalidArgument(
        "the page token belongs to another store, prefix or query; start from the first page");
  }
  return bytes->substr(1 + kHashBytes);
}

}  // namespace mecha
