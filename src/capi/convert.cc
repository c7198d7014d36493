// SPDX-License-Identifier: Apache-2.0
#include "capi/convert.h"

#include <algorithm>

#include "result/status.h"

namespace mecha::capi {
namespace {

// No struct of this interface will ever be this large: such a size is a mistake, not a version.
constexpr uint32_t kLargestStruct = 4096;

uint32_t SizeOf(const void* value) {
  uint32_t size = 0;
  std::memcpy(&size, value, sizeof size);
  return size;
}

}  // namespace

std::vector<std::pair<std::string_view, std::string_view>> ToPairs(const mecha_kv* pairs,
                                                                   size_t count) {
  std::vector<std::pair<std::string_view, std::string_view>> out;
  out.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    out.emplace_back(ToText(pairs[i].key), ToText(pairs[i].value));
  }
  return out;
}

Status CopyStruct(const void* from, void* to, size_t size) {
  const uint32_t given = SizeOf(from);
  if (given < sizeof(uint32_t)) {
    return InvalidArgument("struct_size is not set; zero the struct and set it to its sizeof");
  }
  if (given > kLargestStruct) {
    return Status(StatusCode::kVersion, "struct_size is not that of any known version");
  }
  const auto* bytes = static_cast<const unsigned char*>(from);
  const bool has_unknown = std::any_of(bytes + std::min<size_t>(given, size), bytes + given,
                                       [](unsigned char byte) { return byte != 0; });
  if (has_unknown) {
    return Status(StatusCode::kVersion,
                  "the struct has fields this library does not know; load a newer libmecha");
  }
  std::memcpy(to, from, std::min<size_t>(given, size));
  return OkStatus();
}

mecha_status WriteStruct(const void* from, size_t size, void* to) {
  const uint32_t given = SizeOf(to);
  if (given < sizeof(uint32_t)) {
    return MECHA_INVALID_ARGUMENT;
  }
  auto* bytes = static_cast<unsigned char*>(to);
  const size_t known = std::min<size_t>(given, size);
  std::memcpy(bytes + sizeof given, static_cast<const unsigned char*>(from) + sizeof given,
              known - sizeof given);
  return MECHA_OK;
}

}  // namespace mecha::capi
