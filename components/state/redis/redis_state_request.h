// SPDX-License-Identifier: Apache-2.0
// The requests of the state store on a connection that many share: one read, one short write. They
// do no input or output and know no connection (redis/redis_request.h). Used by one thread at a
// time.
#pragma once

#include <string_view>
#include <utility>

#include "contract/state_store.h"
#include "redis/redis_request.h"
#include "redis/redis_script.h"
#include "redis_write_command.h"
#include "result/done.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

class ReadRequest final : public RedisRequest {
 public:
  ReadRequest(const CallContext& call, std::string_view key, Done<StateValue> done)
      : RedisRequest(call), key_(key), done_(std::move(done)) {}

  void AddCommand(RedisCommands& commands) override;
  bool Take(Reply& reply) override;
  void Fail(Status status) override { outcome_ = std::move(status); }
  void Complete() override { std::move(done_)(std::move(outcome_)); }
  bool is_write() const override { return false; }

 private:
  const std::string_view key_;
  bool is_plain_ = false;  // the key is no hash
  StatusOr<StateValue> outcome_;
  Done<StateValue> done_;
};

class WriteRequest final : public RedisRequest {
 public:
  // Whether a write can go this way: it is short, and waits for no replica.
  static bool Fits(const StateWrite& write);

  WriteRequest(const CallContext& call, const StateWrite& write, Done<Etag> done)
      : RedisRequest(call), write_(write), done_(std::move(done)) {}

  void AddCommand(RedisCommands& commands) override { AddWrite(commands, write_, form_); }
  bool Take(Reply& reply) override;
  void Fail(Status status) override { outcome_ = std::move(status); }
  void Complete() override { std::move(done_)(std::move(outcome_)); }
  bool is_write() const override { return true; }

 private:
  const StateWrite write_;
  ScriptForm form_ = ScriptForm::kHash;
  WriteOutcome outcome_;
  Done<Etag> done_;
};

}  // namespace MECHA_COMPONENT
