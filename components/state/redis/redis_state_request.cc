// SPDX-License-Identifier: Apache-2.0
#include "redis_state_request.h"

#include "redis_value.h"

namespace MECHA_COMPONENT {

void ReadRequest::AddCommand(RedisCommands& commands) {
  if (is_plain_) {
    commands.AddCommand({"GET", key_});
  } else {
    AddHashRead(commands, key_);
  }
}

bool ReadRequest::Take(Reply& reply) {
  if (!is_plain_ && IsOtherType(reply)) {
    is_plain_ = true;
    return false;
  }
  outcome_ = reply.is_error() ? ErrorOf(reply) : TakeValue(reply);
  return true;
}

bool WriteRequest::Fits(const StateWrite& write) {
  return write.consistency == Consistency::kEventual &&
         write.value.size() <= RedisCommands::kLongestCopied &&
         write.key.size() <= RedisCommands::kLongestCopied && CheckEtag(write).ok();
}

bool WriteRequest::Take(Reply& reply) {
  if (form_ == ScriptForm::kHash && IsNoScript(reply)) {
    form_ = ScriptForm::kText;
    return false;
  }
  if (reply.is_error()) {
    outcome_ = MarkHalfDone(ErrorOf(reply), reply);
  } else {
    outcome_ = ReadOutcome(write_, reply);
  }
  return true;
}

}  // namespace MECHA_COMPONENT
