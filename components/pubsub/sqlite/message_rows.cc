// SPDX-License-Identifier: Apache-2.0
#include "message_rows.h"

#include <optional>

#include "encoding/ascii.h"
#include "encoding/number.h"
#include "queue_layout.h"
#include "result/status.h"
#include "upkeep.h"

namespace MECHA_COMPONENT {
namespace {

void PackText(std::string& packed, std::string_view text) {
  packed.append(std::to_string(text.size())).append(":").append(text);
}

std::optional<std::string_view> UnpackText(std::string_view& packed) {
  const size_t colon = packed.find(':');
  if (colon == packed.npos) {
    return std::nullopt;
  }
  const std::optional<size_t> size = ParseNumber<size_t>(packed.substr(0, colon));
  packed.remove_prefix(colon + 1);
  if (!size.has_value() || *size > packed.size()) {
    return std::nullopt;
  }
  const std::string_view text = packed.substr(0, *size);
  packed.remove_prefix(*size);
  return text;
}

int64_t Now(const Connection& connection) {
  return MillisecondsOf(connection.host().clock().WallNow());
}

// The id a look-up finds; nothing when there is no such row.
StatusOr<std::optional<int64_t>> FoundId(Statement& statement) {
  ASSIGN_OR_RETURN(const bool is_row, statement.Step());
  return is_row ? std::optional(statement.Integer(0)) : std::nullopt;
}

StatusOr<std::optional<int64_t>> LookUpTopic(Connection& connection, std::string_view name) {
  ASSIGN_OR_RETURN(Statement statement, connection.Prepare(Sql::kFindTopic));
  statement.BindText(1, name);
  return FoundId(statement);
}

StatusOr<std::optional<int64_t>> LookUpGroup(Connection& connection, int64_t topic,
                                             std::string_view name) {
  ASSIGN_OR_RETURN(Statement statement, connection.Prepare(Sql::kFindGroup));
  statement.BindInteger(1, topic);
  statement.BindText(2, name);
  return FoundId(statement);
}

StatusOr<bool> IsWithoutGroups(Connection& connection, int64_t topic) {
  ASSIGN_OR_RETURN(Statement statement, connection.Prepare(Sql::kHasGroups));
  statement.BindInteger(1, topic);
  ASSIGN_OR_RETURN(const bool has_one, statement.Step());
  return !has_one;
}

}  // namespace

int64_t MillisecondsOf(WallTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

StatusOr<int64_t> FindTopic(Connection& connection, std::string_view name) {
  ASSIGN_OR_RETURN(const std::optional<int64_t> found, LookUpTopic(connection, name));
  if (found.has_value()) {
    return *found;
  }
  ASSIGN_OR_RETURN(Statement statement, connection.Prepare(Sql::kAddTopic));
  statement.BindText(1, name);
  RETURN_IF_ERROR(statement.Step().status());
  return connection.last_row();
}

StatusOr<GroupIds> FindGroup(Connection& connection, std::string_view topic, std::string_view group,
                             std::chrono::milliseconds retention) {
  GroupIds ids;
  ASSIGN_OR_RETURN(ids.topic, FindTopic(connection, topic));
  ASSIGN_OR_RETURN(const std::optional<int64_t> found, LookUpGroup(connection, ids.topic, group));
  if (found.has_value()) {
    ids.group = *found;
    return ids;
  }
  ASSIGN_OR_RETURN(const bool is_first, IsWithoutGroups(connection, ids.topic));
  if (is_first) {
    RETURN_IF_ERROR(ForgetOld(connection, ids.topic, Now(connection) - retention.count()));
  }
  ASSIGN_OR_RETURN(Statement statement, connection.Prepare(Sql::kAddGroup));
  statement.BindInteger(1, ids.topic);
  statement.BindText(2, group);
  statement.BindInteger(3, Now(connection));
  RETURN_IF_ERROR(statement.Step().status());
  ids.group = connection.last_row();
  return ids;
}

StatusOr<int64_t> AddMessage(Connection& connection, int64_t topic,
                             const OutgoingMessage& message) {
  const int64_t now = Now(connection);
  const std::string metadata = PackMetadata(message.metadata);
  ASSIGN_OR_RETURN(Statement statement, connection.Prepare(Sql::kAddMessage));
  statement.BindInteger(1, topic);
  statement.BindInteger(2, now);
  if (message.ttl.has_value()) {
    statement.BindInteger(3, now + message.ttl->count());
  } else {
    statement.BindNull(3);
  }
  statement.BindText(4, message.content_type);
  statement.BindText(5, message.key);
  statement.BindText(6, metadata);
  statement.BindBlob(7, message.payload);
  RETURN_IF_ERROR(statement.Step().status());
  return connection.last_row();
}

std::string PackMetadata(Metadata metadata) {
  std::string packed;
  for (const auto& [name, value] : metadata) {
    PackText(packed, ToLower(name));
    PackText(packed, value);
  }
  return packed;
}

std::vector<std::pair<std::string, std::string>> UnpackMetadata(std::string_view packed) {
  std::vector<std::pair<std::string, std::string>> metadata;
  while (!packed.empty()) {
    const auto name = UnpackText(packed);
    const auto value = name.has_value() ? UnpackText(packed) : std::nullopt;
    if (!value.has_value()) {
      break;
    }
    metadata.emplace_back(*name, *value);
  }
  return metadata;
}

}  // namespace MECHA_COMPONENT
