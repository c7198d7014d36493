// SPDX-License-Identifier: Apache-2.0
// Message rows: topics, groups and messages, written on one connection. No transactions, no
// threads: who may use the connection, and inside which transaction, is the caller's.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "call/clock.h"
#include "contract/pub_sub.h"
#include "result/status_or.h"
#include "sqlite/sqlite_connection.h"

namespace MECHA_COMPONENT {

struct GroupIds {
  int64_t topic = 0;
  int64_t group = 0;
};

// Milliseconds since 1970, as the tables keep moments.
int64_t MillisecondsOf(WallTime time);

// Each makes what is not there yet.
StatusOr<int64_t> FindTopic(Connection& connection, std::string_view name);
// The first group of a topic gets what was published by then, unless it is older than `retention`.
StatusOr<GroupIds> FindGroup(Connection& connection, std::string_view topic, std::string_view group,
                             std::chrono::milliseconds retention);
// The id of the new message.
StatusOr<int64_t> AddMessage(Connection& connection, int64_t topic, const OutgoingMessage& message);

// Metadata in one column: "3:key5:value", each text with its length in front.
std::string PackMetadata(Metadata metadata);
// What does not read that way is left out.
std::vector<std::pair<std::string, std::string>> UnpackMetadata(std::string_view packed);

}  // namespace MECHA_COMPONENT
