// SPDX-License-Identifier: Apache-2.0
#include "prepared_write.h"

#include <charconv>
#include <string>

namespace MECHA_COMPONENT {
namespace {

// A longer time to live means never: the clock cannot count much further.
constexpr std::chrono::hours kForever(24 * 365 * 100);

// 0 when this store can never have made `etag`.
uint64_t VersionOf(std::string_view etag) {
  if (etag.empty() || etag.front() == '0') {
    return 0;
  }
  uint64_t version = 0;
  const char* end = etag.data() + etag.size();
  const auto parsed = std::from_chars(etag.data(), end, version);
  return parsed.ec == std::errc() && parsed.ptr == end ? version : 0;
}

Status Mismatch(std::string_view etag, const Entry* stored) {
  std::string message = "etag ";
  message += etag;
  if (stored == nullptr) {
    message += " was given, but the key has no value";
  } else {
    message += " is not the stored one, ";
    message += EtagOf(stored->version).view();
  }
  message += "; read the key again";
  return Aborted(message);
}

}  // namespace

Etag EtagOf(uint64_t version) {
  char text[20];
  const auto end = std::to_chars(text, text + sizeof text, version).ptr;
  return Etag(std::string_view(text, static_cast<size_t>(end - text)));
}

PreparedWrite::PreparedWrite(const StateWrite& from, const Clock& clock)
    : write(&from), key(from.key) {
  if (from.condition == Condition::kIfMatch) {
    wanted_version = VersionOf(from.etag);
  }
  if (from.kind == StateWrite::Kind::kSet) {
    entry.value = Buffer::CopyOf(from.value);
    entry.kind = from.value_kind;
    if (from.ttl.has_value() && *from.ttl < kForever) {
      entry.expiry = Expiry{clock.Now() + *from.ttl, clock.WallNow() + *from.ttl};
    }
  }
}

Status PreparedWrite::Check(EntryTable& table, const Clock& clock) const {
  if (write->condition == Condition::kAlways) {
    return OkStatus();
  }
  if (write->condition == Condition::kIfMatch && wanted_version == 0) {
    return InvalidArgument("etag is not a number that state.in-memory hands out; pass one as read");
  }
  const Entry* stored = table.FindLive(key, clock);
  if (write->condition == Condition::kIfAbsent) {
    return stored == nullptr ? OkStatus()
                             : Aborted("the key has a value; to replace it, pass its etag");
  }
  const bool is_match = stored != nullptr && stored->version == wanted_version;
  return is_match ? OkStatus() : Mismatch(write->etag, stored);
}

}  // namespace MECHA_COMPONENT
