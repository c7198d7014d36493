// SPDX-License-Identifier: Apache-2.0
#include "state/state_block.h"

#include <utility>

#include "encoding/ascii.h"
#include "encoding/json.h"
#include "encoding/media_type.h"
#include "encoding/number.h"
#include "result/status.h"
#include "result/status_or.h"
#include "state/apply_operation.h"
#include "state/get_many_operation.h"
#include "state/get_operation.h"
#include "state/key_prefix.h"
#include "state/list_operation.h"
#include "state/query_operation.h"
#include "state/write_operation.h"

namespace mecha {
namespace {

constexpr std::string_view kJsonType = "application/json";

Condition ConditionOf(const WriteRequest& request) {
  if (!request.is_first_write) {
    return Condition::kAlways;
  }
  if (!request.etag.empty()) {
    return Condition::kIfMatch;
  }
  return request.kind == StateWrite::Kind::kSet ? Condition::kIfAbsent : Condition::kAlways;
}

std::optional<std::string_view> FindMetadata(Metadata metadata, std::string_view name) {
  for (const auto& [key, value] : metadata) {
    if (EqualsIgnoringCase(key, name)) {
      return value;
    }
  }
  return std::nullopt;
}

}  // namespace

StateBlock::StateBlock(Service& service, StateStore& store, StateBlockOptions options)
    : service_(service), store_(store), options_(std::move(options)) {}

Status StateBlock::CheckKey(std::string_view key) const {
  if (key.empty()) {
    return InvalidArgument("the key is empty; give it at least one byte");
  }
  if (key.size() > options_.limits.most_key_bytes) {
    return InvalidArgument("the key has " + std::to_string(key.size()) +
                           " bytes and the limit is " +
                           std::to_string(options_.limits.most_key_bytes) +
                           "; use a shorter one or raise the setting max_key_bytes");
  }
  if (key.find(kKeySeparator) != std::string_view::npos) {
    return InvalidArgument(
        "the key holds \"||\", which separates the prefix from the key; use another separator");
  }
  return OkStatus();
}

Status StateBlock::CheckConsistency(Consistency consistency) const {
  if (consistency == Consistency::kStrong &&
      service_.info().SupportOf("strong_consistency") == Support::kNone) {
    return Unimplemented("the store has no strong consistency; ask for eventual");
  }
  return OkStatus();
}

Status StateBlock::CheckValue(const WriteRequest& request, bool is_json) const {
  const size_t size = request.value.bytes.size();
  if (size > options_.limits.most_value_bytes) {
    return Status(StatusCode::kOutOfRange, "the value has " + std::to_string(size) +
                                               " bytes and the limit is " +
                                               std::to_string(options_.limits.most_value_bytes) +
                                               "; split it or raise the setting max_value_bytes");
  }
  if (is_json && !IsJson(request.value.bytes)) {
    return InvalidArgument(
        "the content type is application/json but the value is not JSON; mend the value or leave "
        "the content type out to store plain bytes");
  }
  return OkStatus();
}

StatusOr<std::optional<std::chrono::milliseconds>> StateBlock::TtlOf(
    const WriteRequest& request) const {
  std::optional<std::chrono::milliseconds> ttl = options_.default_ttl;
  const auto seconds_text = FindMetadata(request.metadata, "ttlInSeconds");
  if (request.ttl_ms == -1) {
    ttl.reset();
  } else if (request.ttl_ms > 0) {
    ttl = std::chrono::milliseconds(request.ttl_ms);
  } else if (request.ttl_ms != 0) {
    return InvalidArgument("ttl_ms is " + std::to_string(request.ttl_ms) +
                           "; it must be -1 (never), 0 (the default) or a number of milliseconds");
  } else if (seconds_text.has_value()) {
    const auto seconds = ParseNumber<int32_t>(*seconds_text);
    if (!seconds.has_value() || *seconds < -1) {
      return InvalidArgument("metadata ttlInSeconds is not a whole number of seconds, or -1");
    }
    ttl = *seconds > 0 ? std::optional(std::chrono::milliseconds(int64_t{*seconds} * 1000))
                       : std::nullopt;
  }
  if (ttl.has_value() && service_.info().SupportOf("ttl") == Support::kNone) {
    return Unimplemented("the store cannot expire values; write without a TTL");
  }
  return ttl;
}

StatusOr<StateWrite> StateBlock::Translate(const WriteRequest& request) const {
  RETURN_IF_ERROR(CheckKey(request.key));
  RETURN_IF_ERROR(CheckConsistency(request.consistency));
  StateWrite write;
  write.kind = request.kind;
  write.condition = ConditionOf(request);
  write.consistency = request.consistency;
  if (write.condition == Condition::kIfMatch) {
    if (request.etag.size() > Etag::kMaxBytes) {
      return InvalidArgument("the etag is longer than 64 bytes; no store makes such a one");
    }
    write.etag = request.etag;
  }
  if (write.condition != Condition::kAlways &&
      service_.info().SupportOf("etag") == Support::kNone) {
    return Unimplemented("the store has no etags; write without first-write concurrency");
  }
  if (request.kind == StateWrite::Kind::kSet) {
    const bool is_json = IsMediaType(request.content_type, kJsonType);
    RETURN_IF_ERROR(CheckValue(request, is_json));
    ASSIGN_OR_RETURN(write.ttl, TtlOf(request));
    write.value_kind = is_json ? ValueKind::kJson : ValueKind::kBinary;
    write.value = request.value.bytes;
  }
  return write;
}

Prepared StateBlock::Get(const CallOptions& call, std::string_view key, Consistency consistency) {
  Status checked = CheckKey(key);
  if (checked.ok()) {
    checked = CheckConsistency(consistency);
  }
  return {new GetOperation(*this, call, key, {.consistency = consistency}), std::move(checked)};
}

Prepared StateBlock::GetMany(const CallOptions& call, std::span<const std::string_view> keys,
                             Consistency consistency) {
  auto* operation = new GetManyOperation(*this, call, keys, {.consistency = consistency});
  for (const std::string_view key : keys) {
    const Status checked = CheckKey(key);
    if (!checked.ok()) {
      return {operation, checked};
    }
  }
  return {operation, CheckConsistency(consistency)};
}

Prepared StateBlock::Write(const CallOptions& call, const WriteRequest& request) {
  auto translated = Translate(request);
  auto* operation = new WriteOperation(
      *this, call, request, translated.ok() ? *translated : StateWrite{.kind = request.kind});
  return {operation, translated.status()};
}

Prepared StateBlock::Apply(const CallOptions& call, const ApplyRequest& request) {
  auto* operation = new ApplyOperation(*this, call, request);
  return {operation, operation->Prepare(request)};
}

Prepared StateBlock::List(const CallOptions& call, const ListKeysRequest& request) {
  auto* operation = new ListOperation(*this, call, request);
  return {operation, operation->Prepare(request)};
}

Prepared StateBlock::Query(const CallOptions& call, const QueryValuesRequest& request) {
  auto* operation = new QueryOperation(*this, call);
  return {operation, operation->Prepare(request)};
}

}  // namespace mecha
