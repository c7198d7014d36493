// SPDX-License-Identifier: Apache-2.0
#include "queue_layout.h"

#include <optional>

#include "encoding/number.h"
#include "result/status_or.h"
#include "sqlite/sqlite_connection.h"

namespace MECHA_COMPONENT {
namespace {

constexpr int kLevel = 1;

// AUTOINCREMENT: an id must not come again after its row was deleted, because a group's position
// would be past it. The span of a delivery is what its `until` was made with. The trigger is for
// who ends a group by hand: what was kept for it alone goes with it.
constexpr const char* kTables = R"(
CREATE TABLE IF NOT EXISTS mecha_queue (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS mecha_topic (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS mecha_group (
  id INTEGER PRIMARY KEY AUTOINCREMENT, topic INTEGER NOT NULL, name TEXT NOT NULL,
  position INTEGER NOT NULL, created INTEGER NOT NULL, UNIQUE (topic, name));
CREATE TABLE IF NOT EXISTS mecha_message (
  id INTEGER PRIMARY KEY AUTOINCREMENT, topic INTEGER NOT NULL, published INTEGER NOT NULL,
  expires INTEGER, content_type TEXT NOT NULL, message_key TEXT NOT NULL,
  metadata TEXT NOT NULL, payload BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS mecha_message_topic ON mecha_message (topic);
CREATE INDEX IF NOT EXISTS mecha_message_expires ON mecha_message (expires)
  WHERE expires IS NOT NULL;
CREATE TABLE IF NOT EXISTS mecha_delivery (
  consumer_group INTEGER NOT NULL, message INTEGER NOT NULL, token INTEGER NOT NULL,
  until INTEGER NOT NULL, span INTEGER NOT NULL, attempts INTEGER NOT NULL,
  PRIMARY KEY (consumer_group, message)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS mecha_delivery_due ON mecha_delivery (consumer_group, until);
CREATE TRIGGER IF NOT EXISTS mecha_group_deleted AFTER DELETE ON mecha_group BEGIN
  DELETE FROM mecha_delivery WHERE consumer_group = OLD.id;
  DELETE FROM mecha_message WHERE topic = OLD.topic
    AND EXISTS (SELECT 1 FROM mecha_group WHERE topic = OLD.topic)
    AND NOT EXISTS (SELECT 1 FROM mecha_group AS g WHERE g.topic = OLD.topic AND
      (g.position < mecha_message.id OR EXISTS (SELECT 1 FROM mecha_delivery AS d
        WHERE d.consumer_group = g.id AND d.message = mecha_message.id)));
END;
)";

constexpr std::string_view kColumns =
    "published, expires, content_type, message_key, metadata, payload";

// 0: there is no queue in this file yet.
StatusOr<int> ReadLevel(Connection& connection) {
  ASSIGN_OR_RETURN(
      const std::optional<std::string> table,
      connection.QueryText("SELECT name FROM sqlite_master WHERE name = 'mecha_queue'"));
  if (!table.has_value()) {
    return 0;
  }
  ASSIGN_OR_RETURN(const std::optional<std::string> text,
                   connection.QueryText("SELECT value FROM mecha_queue WHERE name = 'version'"));
  const std::optional<int> level = text.has_value() ? ParseNumber<int>(*text) : 0;
  if (!level.has_value() || *level < 0 || *level > kLevel) {
    return FailedPrecondition(connection.file() + ": the queue in this file has version \"" +
                              text.value_or("") + "\", this library knows version " +
                              std::to_string(kLevel) +
                              "; use a newer library, or name another file");
  }
  return *level;
}

Status CreateTables(Connection& connection) {
  RETURN_IF_ERROR(ReadLevel(connection).status());
  RETURN_IF_ERROR(connection.Execute(kTables));
  return connection.Execute("REPLACE INTO mecha_queue (name, value) VALUES ('version', '" +
                            std::to_string(kLevel) + "')");
}

}  // namespace

QueueLayout::QueueLayout() {
  AddPublishing();
  AddLending();
  AddUpkeep();
}

void QueueLayout::AddPublishing() {
  At(Sql::kFindTopic) = "SELECT id FROM mecha_topic WHERE name = ?1";
  At(Sql::kAddTopic) = "INSERT INTO mecha_topic (name) VALUES (?1)";
  At(Sql::kAddMessage) =
      "INSERT INTO mecha_message (topic, published, expires, content_type, message_key, metadata,"
      " payload) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
  At(Sql::kFindGroup) = "SELECT id FROM mecha_group WHERE topic = ?1 AND name = ?2";
  At(Sql::kHasGroups) = "SELECT 1 FROM mecha_group WHERE topic = ?1 LIMIT 1";
  At(Sql::kAddGroup) =
      "INSERT INTO mecha_group (topic, name, position, created) VALUES (?1, ?2,"
      " CASE WHEN EXISTS (SELECT 1 FROM mecha_group WHERE topic = ?1) THEN coalesce("
      "(SELECT seq FROM sqlite_sequence WHERE name = 'mecha_message'), 0) ELSE 0 END, ?3)";
}

void QueueLayout::AddLending() {
  const std::string columns(kColumns);
  const std::string held = " WHERE consumer_group = ?1 AND message = ?2 AND token = ?3";
  At(Sql::kPosition) = "SELECT position FROM mecha_group WHERE id = ?1";
  At(Sql::kSetPosition) = "UPDATE mecha_group SET position = ?2 WHERE id = ?1";
  At(Sql::kDue) =
      "SELECT message, attempts FROM mecha_delivery INDEXED BY mecha_delivery_due"
      " WHERE consumer_group = ?1 AND until <= ?2 ORDER BY message LIMIT ?3";
  At(Sql::kMessage) = "SELECT " + columns + " FROM mecha_message WHERE id = ?1";
  At(Sql::kFresh) = "SELECT " + columns +
                    ", id FROM mecha_message INDEXED BY mecha_message_topic"
                    " WHERE topic = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
  At(Sql::kLend) =
      "INSERT INTO mecha_delivery (consumer_group, message, token, until, span, attempts)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
  At(Sql::kLendAgain) =
      "UPDATE mecha_delivery SET token = ?3, until = ?4, span = ?5, attempts = ?6"
      " WHERE consumer_group = ?1 AND message = ?2";
  At(Sql::kNextDue) = "SELECT min(until) FROM mecha_delivery WHERE consumer_group = ?1";
  At(Sql::kFinish) = "DELETE FROM mecha_delivery" + held;
  At(Sql::kRenew) = "UPDATE mecha_delivery SET until = ?4, span = ?5" + held;
  At(Sql::kReturn) = "UPDATE mecha_delivery SET token = 0, until = ?4, span = ?5" + held;
  At(Sql::kUntake) =
      "UPDATE mecha_delivery SET token = 0, until = ?4, span = ?5, attempts = attempts - 1" + held;
  At(Sql::kDrop) = "DELETE FROM mecha_delivery WHERE consumer_group = ?1 AND message = ?2";
  At(Sql::kForget) =
      "DELETE FROM mecha_message WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM mecha_group AS g"
      " WHERE g.topic = ?2 AND (g.position < ?1 OR EXISTS (SELECT 1 FROM mecha_delivery AS d"
      " WHERE d.consumer_group = g.id AND d.message = ?1)))";
}

void QueueLayout::AddUpkeep() {
  At(Sql::kExpired) = "SELECT id, topic FROM mecha_message WHERE expires <= ?1 LIMIT ?2";
  At(Sql::kDropFree) =
      "DELETE FROM mecha_delivery WHERE message = ?1 AND until <= ?3 AND consumer_group IN"
      " (SELECT id FROM mecha_group WHERE topic = ?2)";
  At(Sql::kForgetExpired) =
      "DELETE FROM mecha_message WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM mecha_group AS g JOIN"
      " mecha_delivery AS d ON d.consumer_group = g.id AND d.message = ?1 WHERE g.topic = ?2)";
  At(Sql::kWaitingTopics) =
      "SELECT id FROM mecha_topic AS t WHERE NOT EXISTS (SELECT 1 FROM mecha_group AS g WHERE"
      " g.topic = t.id)";
  At(Sql::kForgetOld) =
      "DELETE FROM mecha_message WHERE id IN (SELECT id FROM mecha_message INDEXED BY"
      " mecha_message_topic WHERE topic = ?2 ORDER BY id LIMIT ?3) AND published <= ?1";
  At(Sql::kShorten) =
      "UPDATE mecha_delivery INDEXED BY mecha_delivery_due SET until = ?1 + span WHERE"
      " consumer_group IN (SELECT id FROM mecha_group) AND until > ?1 + 60000"
      " AND until > ?1 + span + 60000";
}

Status QueueLayout::Check(Connection& connection) const { return ReadLevel(connection).status(); }

Status QueueLayout::Prepare(Connection& connection) const {
  if (connection.is_read_only()) {
    return FailedPrecondition(connection.file() +
                              ": the file or its folder is read-only, and a queue is written by "
                              "everybody who uses it; allow this user to write both");
  }
  ASSIGN_OR_RETURN(const int level, ReadLevel(connection));
  if (level == kLevel) {
    return OkStatus();
  }
  RETURN_IF_ERROR(connection.Run(Transaction::kBeginImmediate));
  Status status = CreateTables(connection);
  if (status.ok()) {
    status = connection.Run(Transaction::kCommit);
  }
  connection.RollBack();
  return status;
}

}  // namespace MECHA_COMPONENT
