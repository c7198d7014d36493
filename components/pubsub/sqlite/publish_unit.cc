// SPDX-License-Identifier: Apache-2.0
#include "publish_unit.h"

#include <utility>

#include "message_rows.h"
#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

Status PublishUnit::Apply(Connection& connection) {
  if (!std::exchange(is_expected_, true)) {
    file_.Expect();
  }
  ASSIGN_OR_RETURN(const int64_t topic, FindTopic(connection, topic_));
  for (size_t i = 0; i < messages_.size(); ++i) {
    const StatusOr<int64_t> id = AddMessage(connection, topic, messages_[i]);
    if (id.ok()) {
      outcomes_[i] = std::to_string(*id);
      continue;
    }
    outcomes_[i] = id.status();
    // One that is too large for a row leaves the others alone; anything else befell all of them.
    if (!connection.is_in_transaction() || !IsResourceExhausted(id.status())) {
      return id.status();
    }
  }
  return OkStatus();
}

void PublishUnit::Finish() {
  if (is_expected_) {
    file_.Announce(topic_);
  }
}

}  // namespace MECHA_COMPONENT
