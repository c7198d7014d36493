// SPDX-License-Identifier: Apache-2.0
#include "state_rows.h"

#include <optional>
#include <span>
#include <string>
#include <utility>

#include "contract/state_outcomes.h"
#include "encoding/base64.h"
#include "encoding/uuid.h"
#include "result/status.h"
#include "result/status_or.h"
#include "schema.h"
#include "timestamp.h"

namespace MECHA_COMPONENT {
namespace {

// Larger encoded values are not kept between writes.
constexpr size_t kScratchKept = 1 << 20;

StatusOr<Buffer> Decoded(const Connection& connection, std::string_view text) {
  Buffer data = Buffer::OfSize(Base64DecodedBound(text.size()));
  const std::optional<size_t> size = DecodeBase64(text, data.mutable_data());
  if (!size.has_value()) {
    return Status(StatusCode::kDataLoss, connection.file() +
                                             ": the stored value is marked as binary and is not " +
                                             "base64; another program wrote it");
  }
  data.Truncate(*size);
  return data;
}

Status CheckEtag(const StateWrite& write) {
  if (write.condition == Condition::kIfMatch && !IsUuid(write.etag)) {
    return InvalidArgument(
        "the etag is not one of this store's, which are UUIDs; pass the one that a get returned");
  }
  return OkStatus();
}

// What the column holds: JSON as it is, else base64 in the connection's scratch.
std::string_view Encoded(Connection& connection, const StateWrite& write) {
  if (write.value_kind == ValueKind::kJson) {
    return write.value;
  }
  std::string& text = connection.scratch();
  text.resize(Base64EncodedSize(write.value.size()));
  EncodeBase64(write.value, text.data());
  return text;
}

Sql SetStatement(Condition condition) {
  switch (condition) {
    case Condition::kIfMatch:
      return Sql::kSetIfMatch;
    case Condition::kIfAbsent:
      return Sql::kSetIfAbsent;
    case Condition::kAlways:
      break;
  }
  return Sql::kSet;
}

// Outside a transaction the statement commits too, and an error may have struck then.
Moment MomentOf(const Connection& connection) {
  return connection.is_in_transaction() ? Moment::kBeforeCommit : Moment::kCommit;
}

WriteOutcome SetRow(Connection& connection, const StateWrite& write, EtagSource& etags) {
  const WallTime wall = connection.host().clock().WallNow();
  const Timestamp now = Timestamp::Of(wall);
  std::optional<Timestamp> expires;
  if (write.ttl.has_value()) {
    expires = Timestamp::AfterTtl(wall, *write.ttl);
  }
  const Etag etag = etags.Next(connection.host());
  ASSIGN_OR_RETURN(Statement statement, connection.Prepare(SetStatement(write.condition)));
  statement.BindText(1, write.key);
  statement.BindText(2, Encoded(connection, write));
  statement.BindInteger(3, write.value_kind == ValueKind::kBinary ? 1 : 0);
  statement.BindText(4, etag.view());
  if (expires.has_value()) {
    statement.BindText(5, expires->text());
  } else {
    statement.BindNull(5);
  }
  statement.BindText(6, now.text());
  if (write.condition == Condition::kIfMatch) {
    statement.BindText(7, write.etag);
  }
  RETURN_IF_ERROR(statement.Step(MomentOf(connection)).status());
  if (write.condition != Condition::kAlways && connection.changed_rows() == 0) {
    return ConditionFailed(write.condition);
  }
  return etag;
}

WriteOutcome DeleteRow(Connection& connection, const StateWrite& write) {
  if (write.condition != Condition::kIfMatch) {
    ASSIGN_OR_RETURN(Statement statement, connection.Prepare(Sql::kDelete));
    statement.BindText(1, write.key);
    RETURN_IF_ERROR(statement.Step(MomentOf(connection)).status());
    return Etag();
  }
  const Timestamp now = Timestamp::Of(connection.host().clock().WallNow());
  ASSIGN_OR_RETURN(Statement statement, connection.Prepare(Sql::kDeleteIfMatch));
  statement.BindText(1, write.key);
  statement.BindText(2, write.etag);
  statement.BindText(3, now.text());
  RETURN_IF_ERROR(statement.Step(MomentOf(connection)).status());
  if (connection.changed_rows() == 0) {
    return ConditionFailed(write.condition);
  }
  return Etag();
}

// The first text greater than every text that begins with `prefix`; empty when there is none.
std::string AfterPrefix(std::string_view prefix) {
  std::string after(prefix);
  while (!after.empty() && static_cast<unsigned char>(after.back()) == 0xff) {
    after.pop_back();
  }
  if (!after.empty()) {
    ++after.back();
  }
  return after;
}

}  // namespace

Etag EtagSource::Next(Host& host) {
  if (used_ == kBytes) {
    host.Random(random_);
    used_ = 0;
  }
  const std::span<const unsigned char, 16> bytes(random_.data() + used_, 16);
  used_ += bytes.size();
  return Etag(FormatUuid(bytes));
}

StatusOr<StateValue> ReadRow(Connection& connection, std::string_view key) {
  ASSIGN_OR_RETURN(Statement statement, connection.Prepare(Sql::kGet));
  statement.BindText(1, key);
  ASSIGN_OR_RETURN(const bool is_found, statement.Step());
  if (!is_found) {
    return NotFound();
  }
  StateValue value;
  if (!statement.IsNull(3)) {
    const std::string_view expires = statement.Text(3);
    if (expires <= Timestamp::Of(connection.host().clock().WallNow()).text()) {
      return NotFound();
    }
    value.expires = ParseTimestamp(expires);
  }
  const std::string_view text = statement.Text(0);
  if (statement.Integer(1) != 0) {
    ASSIGN_OR_RETURN(value.data, Decoded(connection, text));
  } else {
    value.kind = ValueKind::kJson;
    value.data = Buffer::CopyOf(text);
  }
  value.etag = Etag(statement.Text(2));
  return value;
}

StatusOr<ListPage> ReadKeys(Connection& connection, const ListRequest& request) {
  std::string from(request.prefix);
  if (request.position >= request.prefix && !request.position.empty()) {
    // The first key that can follow `position`.
    from.assign(request.position).push_back('\0');
  }
  const std::string end = AfterPrefix(request.prefix);
  const Timestamp now = Timestamp::Of(connection.host().clock().WallNow());
  ASSIGN_OR_RETURN(Statement statement, connection.Prepare(Sql::kList));
  statement.BindText(1, from);
  if (end.empty()) {
    statement.BindEmptyBlob(2);
  } else {
    statement.BindText(2, end);
  }
  statement.BindInteger(3, static_cast<int64_t>(request.limit) + 1);
  statement.BindText(4, now.text());
  ListPage page;
  for (;;) {
    ASSIGN_OR_RETURN(const bool is_row, statement.Step());
    if (!is_row) {
      return page;
    }
    if (page.keys.size() == request.limit) {
      page.next = page.keys.back();
      return page;
    }
    page.keys.emplace_back(statement.Text(0));
  }
}

WriteOutcome WriteRow(Connection& connection, const StateWrite& write, EtagSource& etags) {
  RETURN_IF_ERROR(CheckEtag(write));
  if (write.kind == StateWrite::Kind::kDelete) {
    return DeleteRow(connection, write);
  }
  WriteOutcome outcome = SetRow(connection, write, etags);
  if (connection.scratch().capacity() > kScratchKept) {
    connection.scratch() = std::string();
  }
  return outcome;
}

}  // namespace MECHA_COMPONENT
