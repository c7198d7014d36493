// SPDX-License-Identifier: Apache-2.0
#include "events/publish_metadata.h"

#include <string>

#include "encoding/ascii.h"
#include "encoding/boolean.h"
#include "encoding/duration.h"
#include "encoding/quoted.h"

namespace mecha {
namespace {

constexpr std::string_view kPrefix = "cloudevent.";

struct Override {
  std::string_view name;
  std::string_view PublishMetadata::*member;
};

constexpr Override kOverrides[] = {
    {"id", &PublishMetadata::id},
    {"type", &PublishMetadata::type},
    {"source", &PublishMetadata::source},
    {"subject", &PublishMetadata::subject},
    {"traceid", &PublishMetadata::traceid},
    {"traceparent", &PublishMetadata::traceparent},
    {"tracestate", &PublishMetadata::tracestate},
};

void TakeOverride(std::string_view name, std::string_view value, PublishMetadata& read) {
  for (const Override& each : kOverrides) {
    if (EqualsIgnoringCase(each.name, name)) {
      read.*each.member = value;
    }
  }
}

Status ReadRaw(std::string_view text, PublishMetadata& read) {
  const std::optional<bool> is_raw = ParseGoBoolean(text);
  if (!is_raw.has_value()) {
    return InvalidArgument("the metadata rawPayload is " + Quoted(text) +
                           "; it must be true or false");
  }
  read.is_raw = *is_raw;
  return OkStatus();
}

Status ReadTtl(std::string_view key, std::string_view text, PublishMetadata& read) {
  read.ttl = ParseDuration(text, "s");
  if (!read.ttl.has_value() || read.ttl->count() <= 0) {
    return InvalidArgument("the metadata " + std::string(key) + " is " + Quoted(text) +
                           "; it must be a number of seconds above zero, or a duration like 1h30m "
                           "up to 292 years");
  }
  return OkStatus();
}

}  // namespace

StatusOr<PublishMetadata> ReadPublishMetadata(Metadata metadata) {
  PublishMetadata read;
  std::string_view raw;
  std::string_view ttl;
  std::string_view ttl_in_seconds;
  for (const auto& [key, value] : metadata) {
    if (EqualsIgnoringCase(key.substr(0, kPrefix.size()), kPrefix)) {
      TakeOverride(key.substr(kPrefix.size()), value, read);
    } else if (EqualsIgnoringCase(key, "rawPayload")) {
      raw = value;
    } else if (EqualsIgnoringCase(key, "ttl")) {
      ttl = value;
    } else if (EqualsIgnoringCase(key, "ttlInSeconds")) {
      ttl_in_seconds = value;
    }
  }
  if (!raw.empty()) {
    RETURN_IF_ERROR(ReadRaw(raw, read));
  }
  if (!ttl.empty()) {
    RETURN_IF_ERROR(ReadTtl("ttl", ttl, read));
  } else if (!ttl_in_seconds.empty()) {
    RETURN_IF_ERROR(ReadTtl("ttlInSeconds", ttl_in_seconds, read));
  }
  return read;
}

}  // namespace mecha
