// SPDX-License-Identifier: Apache-2.0
// PublishManyOperation: publishes several messages, each of which succeeds or fails by itself. A
// further try is made of those alone that failed and may be tried again.
#pragma once

#include <string>
#include <vector>

#include "operation/short_text.h"
#include "pubsub/message_maker.h"
#include "pubsub/pubsub_block.h"

namespace mecha {

class PublishManyOperation final : public Operation {
 public:
  PublishManyOperation(PubSubBlock& block, const CallOptions& call, const PublishRequest& request);

  // Checks the messages and makes them. Not OK: all of it must be refused. A message that is wrong
  // fails alone.
  Status Prepare(const PublishRequest& request);

 protected:
  void Attempt() override;
  Status Verdict(Status last) override;
  void Finish(const Status& status) override;
  std::unique_ptr<Error> MakeError(const Status& status) override;

 private:
  void DropSettled();
  Status Record(const std::vector<PublishOutcome>& outcomes);
  void RecordFailure(size_t open_index, const Status& status);
  bool MayTryAgain(const Status& status) const;

  PubSubBlock& block_;
  ShortText broker_topic_;
  std::vector<ResultItem> items_;
  std::vector<MadeMessage> made_;  // of each item; of no use where it was wrong
  // Those the broker is still to be asked about, side by side.
  std::vector<OutgoingMessage> open_;
  std::vector<size_t> open_items_;
  std::vector<bool> is_taken_;
  std::vector<bool> is_settled_;
};

}  // namespace mecha
