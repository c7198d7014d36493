// SPDX-License-Identifier: Apache-2.0
// RedisRequest: one operation on a connection that many share: what it sends and what its replies
// mean. It does no input or output and knows no connection. Used by one thread at a time; Complete
// runs under no lock.
#pragma once

#include <string_view>
#include <utility>

#include "channel/channel_request.h"
#include "contract/state_store.h"
#include "redis_commands.h"
#include "redis_error.h"
#include "redis_reply.h"
#include "redis_write_command.h"
#include "result/done.h"
#include "result/status.h"

namespace MECHA_COMPONENT {

class RedisRequest : public ChannelRequest {
 public:
  using ChannelRequest::ChannelRequest;

  // Adds its next command; every argument is short enough to be copied.
  virtual void AddCommand(RedisCommands& commands) = 0;
  // Keeps what the reply says. False: another command must follow, which changes nothing twice.
  virtual bool Take(Reply& reply) = 0;

  // The server's words said that the connection is of no more use.
  bool must_reconnect() const { return must_reconnect_; }

 protected:
  // The status of an error reply.
  Status ErrorOf(const Reply& reply) {
    ServerError error = FromServer(reply.text());
    must_reconnect_ |= error.must_reconnect;
    return std::move(error.status);
  }

 private:
  bool must_reconnect_ = false;
};

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
