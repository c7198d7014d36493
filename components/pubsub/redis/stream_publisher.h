// SPDX-License-Identifier: Apache-2.0
// Publishing on the caller's thread, over a connection of its own: any number of messages of any
// length, sent together before the first answer is read. It never resends.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "connection/connection_pool.h"
#include "contract/pub_sub.h"
#include "result/status_or.h"
#include "stream_commands.h"

namespace MECHA_COMPONENT {

// One outcome each, in order. An error: none could be tried.
StatusOr<std::vector<PublishOutcome>> PublishEach(ConnectionPool& pool, const CallContext& call,
                                                  std::string_view topic,
                                                  std::span<const OutgoingMessage> messages,
                                                  const Trim& trim);

}  // namespace MECHA_COMPONENT
