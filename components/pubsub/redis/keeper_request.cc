// SPDX-License-Identifier: Apache-2.0
#include "keeper_request.h"

#include <string_view>

namespace MECHA_COMPONENT {

bool IsNoGroup(std::string_view error) {
  return error.find("NOGROUP") != error.npos || error.starts_with("UNBLOCKED");
}

void KeeperRequest::AddCommand(RedisCommands& commands) {
  switch (job_.what) {
    case KeeperJob::What::kAcknowledge:
      AddAcknowledge(commands, place_, job_.ids);
      return;
    case KeeperJob::What::kCheckAndAcknowledge:
      AddOwnership(commands, form_, place_, Ownership::kAcknowledge, job_.ids);
      return;
    case KeeperJob::What::kKeep:
      AddOwnership(commands, form_, place_, Ownership::kKeep, job_.ids);
      return;
    case KeeperJob::What::kReturn:
      AddOwnership(commands, form_, place_, Ownership::kReturn, job_.ids);
      return;
    case KeeperJob::What::kUntake:
      AddOwnership(commands, form_, place_, Ownership::kUntake, job_.ids);
      return;
    case KeeperJob::What::kLeave:
      AddOwnership(commands, form_, place_, Ownership::kLeave, job_.ids);
      return;
    case KeeperJob::What::kUnblock:
      AddUnblock(commands, job_.client);
      return;
  }
}

bool KeeperRequest::Take(Reply& reply) {
  if (form_ == ScriptForm::kHash && IsNoScript(reply)) {
    form_ = ScriptForm::kText;
    return false;
  }
  if (reply.is_error()) {
    status_ = ErrorOf(reply);
    if (IsNoGroup(reply.text())) {
      status_ = Status(StatusCode::kNotFound,
                       "the stream or its consumer group was deleted, and the message with it");
    }
    return true;
  }
  for (const Reply& place : reply.items) {
    const auto index = static_cast<size_t>(place.integer - 1);
    if (index < job_.ids.size()) {
      lost_.push_back(index);
    }
  }
  return true;
}

}  // namespace MECHA_COMPONENT
