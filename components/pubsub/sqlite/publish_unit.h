// SPDX-License-Identifier: Apache-2.0
// PublishUnit: the messages of one publish, written to the queue and then told to those who wait
// for them. The caller keeps topic and messages until it is over. See CommitUnit for threads.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "contract/pub_sub.h"
#include "queue_file.h"

namespace MECHA_COMPONENT {

class PublishUnit final : public QueueUnit {
 public:
  PublishUnit(QueueFile& file, std::string_view topic, std::span<const OutgoingMessage> messages)
      : QueueUnit(file), topic_(topic), messages_(messages), outcomes_(messages.size()) {}

  // Once its outcome is known: wakes who waits. Then the outcomes may be read: one per message, or
  // the status for all.
  void Finish();
  std::vector<PublishOutcome>& outcomes() { return outcomes_; }

 private:
  Status Apply(Connection& connection) override;

  const std::string_view topic_;
  const std::span<const OutgoingMessage> messages_;
  std::vector<PublishOutcome> outcomes_;
  bool is_expected_ = false;
};

}  // namespace MECHA_COMPONENT
