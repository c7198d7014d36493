// SPDX-License-Identifier: Apache-2.0
// PublishOperation: publishes one message.
#pragma once

#include "operation/short_text.h"
#include "pubsub/message_maker.h"
#include "pubsub/pubsub_block.h"
#include "result/block_pool.h"

namespace mecha {

class PublishOperation final : public Operation {
 public:
  // new (pool) PublishOperation(...): the last Release gives it back there.
  static void* operator new(size_t size, BlockPool* pool) { return BlockPool::Take(pool, size); }
  static void operator delete(void* block, BlockPool*) { BlockPool::Give(block); }
  static void operator delete(void* block) { BlockPool::Give(block); }

  // `request` has one message.
  PublishOperation(PubSubBlock& block, const CallOptions& call, const PublishRequest& request);

  // Checks the message and makes it. Not OK: it must be refused.
  Status Prepare(const PublishRequest& request);

 protected:
  void Attempt() override;
  void Finish(const Status& status) override;
  std::unique_ptr<Error> MakeError(const Status& status) override;

 private:
  PubSubBlock& block_;
  ShortText broker_topic_;
  MadeMessage made_;
  ResultItem item_;
};

}  // namespace mecha
