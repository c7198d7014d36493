// SPDX-License-Identifier: Apache-2.0
#include "state_rows.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <optional>

#include "contract/state_outcomes.h"
#include "encoding/base64.h"
#include "encoding/number.h"
#include "encoding/utf8.h"
#include "encoding/uuid.h"
#include "result/status.h"

namespace MECHA_COMPONENT {
namespace {

// A field of a row cannot be larger.
constexpr size_t kMostValueBytes = 1'000'000'000;
// PostgreSQL's moments end in the year 294276; what lives longer than this lives that long.
constexpr int64_t kMostTtlMilliseconds = int64_t{100'000} * 365 * 86'400'000;
// 2000-01-01, from which the server counts, in seconds since 1970.
constexpr std::chrono::seconds kServerEpoch(946'684'800);

bool IsXid(std::string_view etag) { return ParseNumber<uint32_t>(etag).has_value(); }

// "<base64>" with its quotes: bytes as JSON.
std::string QuotedBase64(std::string_view bytes) {
  std::string text(Base64EncodedSize(bytes.size()) + 2, '"');
  EncodeBase64(bytes, text.data() + 1);
  return text;
}

Status NotOurs(std::string_view what) {
  return Status(StatusCode::kDataLoss,
                "the stored value " + std::string(what) + "; another program wrote it");
}

// jsonb as it goes over the wire: a version, then the text.
StatusOr<Buffer> DecodedJson(std::string_view bytes, bool is_binary) {
  if (!bytes.starts_with('\1')) {
    return NotOurs("is not jsonb of version 1");
  }
  std::string_view text = bytes.substr(1);
  if (!is_binary) {
    return Buffer::CopyOf(text);
  }
  if (text.size() < 2 || text.front() != '"') {
    return NotOurs("is marked as binary and is no text");
  }
  text = text.substr(1, text.size() - 2);
  Buffer data = Buffer::OfSize(Base64DecodedBound(text.size()));
  const std::optional<size_t> size = DecodeBase64(text, data.mutable_data());
  if (!size.has_value()) {
    return NotOurs("is marked as binary and is not base64");
  }
  data.Truncate(*size);
  return data;
}

// A moment over the wire: microseconds since kServerEpoch, big end first. Nothing when it is
// infinite; a moment that WallTime cannot hold becomes its last.
std::optional<WallTime> DecodedMoment(std::string_view bytes) {
  uint64_t bits = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
  }
  const auto micros = static_cast<int64_t>(bits);
  if (micros == INT64_MAX || micros == INT64_MIN) {
    return std::nullopt;
  }
  constexpr auto kLast =
      std::chrono::floor<std::chrono::microseconds>(WallTime::max().time_since_epoch()) -
      kServerEpoch;
  constexpr auto kFirst =
      std::chrono::ceil<std::chrono::microseconds>(WallTime::min().time_since_epoch()) -
      kServerEpoch;
  const auto kept = std::clamp<int64_t>(micros, kFirst.count(), kLast.count());
  return WallTime(kServerEpoch + std::chrono::microseconds(kept));
}

}  // namespace

Status CheckKey(std::string_view key) {
  if (key.find('\0') != key.npos || !IsValidUtf8(key)) {
    return InvalidArgument(
        "the key is not UTF-8 without NUL, which is all that PostgreSQL takes; encode it");
  }
  return OkStatus();
}

Status CheckWrite(Layout layout, const StateWrite& write) {
  RETURN_IF_ERROR(CheckKey(write.key));
  const bool is_ours = layout == Layout::kV1 ? IsXid(write.etag) : IsUuid(write.etag);
  if (write.condition == Condition::kIfMatch && !is_ours) {
    return InvalidArgument(
        layout == Layout::kV1
            ? "the etag is not one of this store's, which are numbers; pass the one of a get"
            : "the etag is not one of this store's, which are UUIDs; pass the one of a get");
  }
  if (write.value.size() > kMostValueBytes) {
    return Status(StatusCode::kOutOfRange, "PostgreSQL holds values up to 1 GB; split it");
  }
  return OkStatus();
}

Sql StatementOf(const StateWrite& write) {
  const bool is_delete = write.kind == StateWrite::Kind::kDelete;
  switch (write.condition) {
    case Condition::kIfMatch:
      return is_delete ? Sql::kDeleteIfMatch : Sql::kSetIfMatch;
    case Condition::kIfAbsent:
      return Sql::kSetIfAbsent;
    case Condition::kAlways:
      break;
  }
  return is_delete ? Sql::kDelete : Sql::kSet;
}

EncodedWrite::EncodedWrite(Layout layout, const StateWrite& write) : sql(StatementOf(write)) {
  parameters.Add(write.key);
  if (write.kind == StateWrite::Kind::kSet) {
    const bool is_binary = write.value_kind == ValueKind::kBinary;
    if (layout == Layout::kV1 && is_binary) {
      scratch = QuotedBase64(write.value);
    }
    parameters.Add(scratch.empty() ? write.value : std::string_view(scratch));
    if (write.ttl.has_value()) {
      parameters.Add(std::min<int64_t>(write.ttl->count(), kMostTtlMilliseconds));
    } else {
      parameters.AddNull();
    }
    if (layout == Layout::kV1) {
      parameters.Add(is_binary);
    }
  }
  if (write.condition == Condition::kIfMatch) {
    parameters.Add(write.etag);
  }
}

Status WroteNothing() {
  return FailedPrecondition(
      "PostgreSQL wrote nothing; the table has a trigger or a rule of its own");
}

WriteOutcome ReadOutcome(const StateWrite& write, const QueryResult& result) {
  if (write.kind == StateWrite::Kind::kDelete) {
    return write.condition == Condition::kIfMatch && result.changed_rows() == 0
               ? WriteOutcome(ConditionFailed(write.condition))
               : WriteOutcome(Etag());
  }
  if (result.rows() == 1) {
    return Etag(result.Text(0, 0));
  }
  return write.condition == Condition::kAlways ? WriteOutcome(WroteNothing())
                                               : WriteOutcome(ConditionFailed(write.condition));
}

StatusOr<StateValue> ReadValue(Layout layout, const QueryResult& result, int row) {
  StateValue value;
  const std::string_view bytes = result.Text(row, 0);
  if (layout == Layout::kV1) {
    const bool is_binary = result.Text(row, 3) == std::string_view("\1", 1);
    value.kind = is_binary ? ValueKind::kBinary : ValueKind::kJson;
    ASSIGN_OR_RETURN(value.data, DecodedJson(bytes, is_binary));
  } else {
    value.data = Buffer::CopyOf(bytes);
  }
  value.etag = Etag(result.Text(row, 1));
  if (!result.IsNull(row, 2)) {
    value.expires = DecodedMoment(result.Text(row, 2));
  }
  return value;
}

RowsByKey::RowsByKey(const QueryResult& result)
    : result_(result), slots_(std::bit_ceil(2 * static_cast<size_t>(result.rows()) + 1), -1) {
  for (int row = 0; row < result.rows(); ++row) {
    slots_[SlotOf(result.Text(row, kKeyColumn))] = row;
  }
}

// Where the key stands, or would.
size_t RowsByKey::SlotOf(std::string_view key) const {
  const size_t last = slots_.size() - 1;
  size_t slot = std::hash<std::string_view>()(key) & last;
  while (slots_[slot] >= 0 && result_.Text(slots_[slot], kKeyColumn) != key) {
    slot = (slot + 1) & last;
  }
  return slot;
}

}  // namespace MECHA_COMPONENT
