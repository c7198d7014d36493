// SPDX-License-Identifier: Apache-2.0
#include "mysql_rows.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <unordered_map>
#include <utility>

#include "contract/state_outcomes.h"
#include "encoding/base64.h"
#include "encoding/number.h"
#include "encoding/quoted.h"
#include "encoding/utf8.h"
#include "encoding/uuid.h"
#include "mysql_statement.h"

namespace MECHA_COMPONENT {
namespace {

constexpr std::ptrdiff_t kLongestKey = 255;
constexpr std::string_view kLive = " AND (expiredate IS NULL OR expiredate > CURRENT_TIMESTAMP)";
constexpr std::string_view kSelect =
    "SELECT id, value, eTag, isbinary, UNIX_TIMESTAMP(expiredate) FROM ";

StatusOr<Buffer> Decoded(std::string_view json) {
  // "base64" in quotes: no character of it is ever escaped but "/", by some writers.
  if (json.size() >= 2 && json.front() == '"' && json.back() == '"') {
    const std::string_view text = json.substr(1, json.size() - 2);
    Buffer data = Buffer::OfSize(Base64DecodedBound(text.size()));
    const auto size = DecodeBase64(text, data.mutable_data());
    if (size.has_value()) {
      data.Truncate(*size);
      return data;
    }
  }
  return Status(StatusCode::kDataLoss,
                "the stored value is marked as binary and is not base64; another program wrote it");
}

StatusOr<StateValue> TakeValue(const MysqlRows& rows) {
  StatusOr<StateValue> value{StateValue{}};
  if (rows.Text(3) != "0") {
    ASSIGN_OR_RETURN(value->data, Decoded(rows.Text(1)));
  } else {
    value->kind = ValueKind::kJson;
    value->data = Buffer::CopyOf(rows.Text(1));
  }
  value->etag = Etag(rows.Text(2));
  if (rows.Column(4).has_value()) {
    const int64_t seconds = ParseNumber<int64_t>(rows.Text(4)).value_or(0);
    value->expires = WallTime(std::chrono::seconds(seconds));
  }
  return value;
}

// Reads change nothing, whatever became of them.
StatusOr<MysqlRows> QueryToRead(MysqlConnection& connection, const CallContext& call,
                                std::string_view statement) {
  auto rows = connection.Query(call, statement);
  if (!rows.ok()) {
    return MarkApplied(rows.status(), Applied::kNo);
  }
  return rows;
}

// The first whole second at or after the end of the time to live, on the server's clock.
std::string ExpiryOf(const StateWrite& write) {
  if (!write.ttl.has_value()) {
    return "NULL";
  }
  const int64_t milliseconds = write.ttl->count();
  std::string fraction = std::to_string(1000 + milliseconds % 1000);
  return "FROM_UNIXTIME(CEILING(UNIX_TIMESTAMP(CURRENT_TIMESTAMP(6)) + " +
         std::to_string(milliseconds / 1000) + "." + fraction.substr(1) + "))";
}

void AddValue(MysqlStatement& statement, const StateWrite& write) {
  if (write.value_kind == ValueKind::kJson) {
    statement.AddLiteral(write.value);
    return;
  }
  std::string text(Base64EncodedSize(write.value.size()), '\0');
  EncodeBase64(write.value, text.data());
  // No character of base64 needs an escape.
  statement.Add("'\"").Add(text).Add("\"'");
}

std::string_view FlagOf(const StateWrite& write) {
  return write.value_kind == ValueKind::kBinary ? "1" : "0";
}

void AddUpdate(MysqlStatement& statement, std::string_view table, const StateWrite& write,
               std::string_view etag) {
  statement.Add("UPDATE ").Add(table).Add(" SET value=");
  AddValue(statement, write);
  statement.Add(", eTag=").AddLiteral(etag).Add(", isbinary=").Add(FlagOf(write));
  statement.Add(", expiredate=").Add(ExpiryOf(write)).Add(" WHERE id=").AddLiteral(write.key);
  statement.Add(" AND eTag=").AddLiteral(write.etag).Add(kLive);
}

// A row that has expired is replaced also when there must be none. The columns are assigned from
// left to right: the one that decides goes last.
void AddInsert(MysqlStatement& statement, std::string_view table, const StateWrite& write,
               std::string_view etag) {
  statement.Add("INSERT INTO ").Add(table).Add(" (id, value, eTag, isbinary, expiredate) VALUES (");
  statement.AddLiteral(write.key).Add(", ");
  AddValue(statement, write);
  statement.Add(", ").AddLiteral(etag).Add(", ").Add(FlagOf(write)).Add(", ");
  statement.Add(ExpiryOf(write)).Add(") ON DUPLICATE KEY UPDATE ");
  constexpr std::string_view kColumns[] = {"value", "eTag", "isbinary", "expiredate"};
  std::string_view comma;
  for (const std::string_view column : kColumns) {
    statement.Add(comma).Add(column).Add("=");
    comma = ", ";
    if (write.condition == Condition::kIfAbsent) {
      statement.Add("IF(expiredate <= CURRENT_TIMESTAMP, VALUES(").Add(column).Add("), ");
      statement.Add(column).Add(")");
    } else {
      statement.Add("VALUES(").Add(column).Add(")");
    }
  }
}

WriteOutcome SetRow(MysqlConnection& connection, const CallContext& call, std::string_view table,
                    const StateWrite& write, Host& host) {
  std::array<unsigned char, 16> random;
  host.Random(random);
  const Etag etag(FormatUuid(random));
  MysqlStatement statement;
  if (write.condition == Condition::kIfMatch) {
    AddUpdate(statement, table, write, etag.view());
  } else {
    AddInsert(statement, table, write, etag.view());
  }
  if (statement.text().size() > connection.longest_statement()) {
    return Status(StatusCode::kOutOfRange, "the value makes a statement of " +
                                               std::to_string(statement.text().size()) +
                                               " bytes; the server's max_allowed_packet is " +
                                               std::to_string(connection.longest_statement()));
  }
  RETURN_IF_ERROR(connection.Query(call, statement.text()).status());
  if (write.condition != Condition::kAlways && connection.affected_rows() == 0) {
    return ConditionFailed(write.condition);
  }
  return etag;
}

WriteOutcome DeleteRow(MysqlConnection& connection, const CallContext& call, std::string_view table,
                       const StateWrite& write) {
  const bool has_etag = write.condition == Condition::kIfMatch;
  MysqlStatement statement;
  statement.Add("DELETE FROM ").Add(table).Add(" WHERE id=").AddLiteral(write.key);
  if (has_etag) {
    statement.Add(" AND eTag=").AddLiteral(write.etag).Add(kLive);
  }
  RETURN_IF_ERROR(connection.Query(call, statement.text()).status());
  if (has_etag && connection.affected_rows() == 0) {
    return ConditionFailed(write.condition);
  }
  return Etag();
}

}  // namespace

StatusOr<StateValue> ReadRow(MysqlConnection& connection, const CallContext& call,
                             std::string_view table, std::string_view key) {
  MysqlStatement statement;
  statement.Add(kSelect).Add(table).Add(" WHERE id=").AddLiteral(key).Add(kLive);
  ASSIGN_OR_RETURN(MysqlRows rows, QueryToRead(connection, call, statement.text()));
  // A collation may take another key for the same; it is not.
  while (rows.Next()) {
    if (rows.Text(0) == key) {
      return TakeValue(rows);
    }
  }
  return NotFound();
}

Status ReadRows(MysqlConnection& connection, const CallContext& call, std::string_view table,
                std::span<const std::string_view> keys, std::span<StatusOr<StateValue>> outcomes) {
  MysqlStatement statement;
  statement.Add(kSelect).Add(table).Add(" WHERE id IN (");
  std::unordered_map<std::string_view, std::vector<size_t>> places;
  statement.Add("NULL");
  for (size_t i = 0; i < keys.size(); ++i) {
    if (CheckKey(keys[i]).ok()) {
      statement.Add(",").AddLiteral(keys[i]);
      places[keys[i]].push_back(i);
    }
  }
  statement.Add(")").Add(kLive);
  ASSIGN_OR_RETURN(MysqlRows rows, QueryToRead(connection, call, statement.text()));
  std::fill(outcomes.begin(), outcomes.end(), StatusOr<StateValue>(NotFound()));
  while (rows.Next()) {
    const auto found = places.find(rows.Text(0));
    if (found != places.end()) {
      for (const size_t place : found->second) {
        outcomes[place] = TakeValue(rows);
      }
    }
  }
  return OkStatus();
}

StatusOr<ListPage> ReadKeys(MysqlConnection& connection, const CallContext& call,
                            std::string_view table, const ListRequest& request) {
  // No LIKE: its index range leaves out characters beyond U+FFFF on MariaDB.
  MysqlStatement statement;
  statement.Add("SELECT id FROM ").Add(table).Add(" WHERE id >= ").AddLiteral(request.prefix);
  statement.Add(" AND id <= CONCAT(").AddLiteral(request.prefix);
  statement.Add(", REPEAT(_utf8mb4 X'F48FBFBF', 255))");
  if (!request.position.empty()) {
    statement.Add(" AND id > ").AddLiteral(request.position);
  }
  statement.Add(kLive).Add(" ORDER BY id LIMIT ").Add(std::to_string(request.limit + 1));
  ASSIGN_OR_RETURN(MysqlRows rows, QueryToRead(connection, call, statement.text()));
  ListPage page;
  std::string last;
  for (size_t count = 0; rows.Next(); ++count) {
    if (count == request.limit) {
      page.next = std::move(last);
      return page;
    }
    last = rows.Text(0);
    if (last.starts_with(request.prefix)) {
      page.keys.push_back(last);
    }
  }
  return page;
}

Status CheckKey(std::string_view key) {
  const auto characters = std::ranges::count_if(
      key, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  if (characters > kLongestKey) {
    return InvalidArgument("the key has " + std::to_string(characters) +
                           " characters with its prefix; the column takes at most " +
                           std::to_string(kLongestKey));
  }
  return IsValidUtf8(key) ? OkStatus()
                          : InvalidArgument("the key " + Quoted(key) + " is not UTF-8");
}

Status CheckWrite(const StateWrite& write, WallTime now) {
  RETURN_IF_ERROR(CheckKey(write.key));
  if (write.condition == Condition::kIfMatch && !IsUuid(write.etag)) {
    return InvalidArgument(
        "the etag is not one of this store's, which are UUIDs; pass the one that a get returned");
  }
  const int64_t today =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  const int64_t left = std::numeric_limits<int32_t>::max() - today;
  if (write.ttl.has_value() && write.ttl->count() / 1000 >= left - 1) {
    return Status(
        StatusCode::kOutOfRange,
        "the time to live goes beyond January 2038, where the column's moments end; leave "
        "it out for a value that stays");
  }
  return OkStatus();
}

WriteOutcome WriteRow(MysqlConnection& connection, const CallContext& call, std::string_view table,
                      const StateWrite& write, Host& host) {
  return write.kind == StateWrite::Kind::kDelete ? DeleteRow(connection, call, table, write)
                                                 : SetRow(connection, call, table, write, host);
}

}  // namespace MECHA_COMPONENT
