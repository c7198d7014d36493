// SPDX-License-Identifier: Apache-2.0
// QueueLayout: the tables of the queue and every statement on them. A message is stored once; a
// group has a position, up to which it has taken messages, and a delivery for each message it has
// taken and not finished. It runs nothing but the statements that make the tables. Constant; safe
// from any thread.
#pragma once

#include <array>
#include <string>

#include "result/status.h"
#include "sqlite/layout.h"

namespace MECHA_COMPONENT {

// Times are milliseconds since 1970 of the wall clock, which processes share.
enum class Sql : unsigned char {
  // Of topic ?1: its id.
  kFindTopic,
  kAddTopic,
  // ?1 topic, ?2 now, ?3 expiry or NULL, ?4 content type, ?5 key, ?6 metadata, ?7 payload.
  kAddMessage,
  // Of the group ?2 of topic ?1: its id.
  kFindGroup,
  // Of topic ?1: a row when there is any.
  kHasGroups,
  // ?1 topic, ?2 name, ?3 now. The first of a topic gets what was kept, others what comes.
  kAddGroup,
  // Of group ?1: its position.
  kPosition,
  kSetPosition,
  // Of group ?1: message and attempts of deliveries nobody holds at ?2, at most ?3, oldest first.
  kDue,
  // Message ?1: published, expiry, content type, key, metadata, payload.
  kMessage,
  // The same and the id, of topic ?1 after message ?2, at most ?3.
  kFresh,
  // ?1 group, ?2 message, ?3 token, ?4 until, ?5 span, ?6 attempts.
  kLend,
  kLendAgain,
  // When the next delivery of group ?1 is free; NULL without one.
  kNextDue,
  // ?1 group, ?2 message, ?3 token; then ?4 until, ?5 span.
  kFinish,
  kRenew,
  kReturn,
  // A return of what nobody saw: the attempt does not count.
  kUntake,
  // Deletes the delivery of message ?2 to group ?1, whoever holds it.
  kDrop,
  // Deletes message ?1 of topic ?2 when no group of it needs it any more.
  kForget,
  // Up to ?2 messages that expired by ?1: id and topic.
  kExpired,
  // Deletes deliveries of message ?1 of topic ?2 that nobody holds at ?3; and the message, when
  // none is left.
  kDropFree,
  kForgetExpired,
  // The ids of topics without groups.
  kWaitingTopics,
  // Of the ?3 oldest messages of topic ?2 deletes those published by ?1.
  kForgetOld,
  // Shortens what lasts longer than it can, because the clock went back: ?1 now.
  kShorten,
};
constexpr size_t kSqlCount = static_cast<size_t>(Sql::kShorten) + 1;

class QueueLayout final : public Layout {
 public:
  QueueLayout();

  size_t statement_count() const override { return kSqlCount; }
  const std::string& StatementText(size_t number) const override { return text_[number]; }
  // FAILED_PRECONDITION for a file that a newer version wrote.
  Status Check(Connection& connection) const override;
  Status Prepare(Connection& connection) const override;

 private:
  std::string& At(Sql sql) { return text_[static_cast<size_t>(sql)]; }
  void AddPublishing();
  void AddLending();
  void AddUpkeep();

  std::array<std::string, kSqlCount> text_;
};

}  // namespace MECHA_COMPONENT
