// SPDX-License-Identifier: Apache-2.0
// RedisRequest: one operation on a connection that many share: what it sends, what its replies
// mean, and whom it tells. It does no input or output and knows no connection. Used by one thread
// at a time; Complete runs under no lock.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "call/waiter.h"
#include "contract/call_context.h"
#include "redis/redis_commands.h"
#include "redis/redis_error.h"
#include "redis/redis_reply.h"
#include "result/status.h"

namespace mecha::components {

// Whoever keeps a request: told, by the thread that stops its call, to end it soon.
class RequestKeeper {
 public:
  virtual ~RequestKeeper() = default;
  virtual void StopRequested(uint64_t request) = 0;
};

class RedisRequest : public StopListener {
 public:
  explicit RedisRequest(const CallContext& call) : call_(call) {}
  ~RedisRequest() override = default;
  RedisRequest(const RedisRequest&) = delete;
  RedisRequest& operator=(const RedisRequest&) = delete;

  // Adds its next command; every argument is short enough to be copied.
  virtual void AddCommand(RedisCommands& commands) = 0;
  // Keeps what the reply says. False: another command must follow, which changes nothing twice.
  virtual bool Take(Reply& reply) = 0;
  // Ends without a reply.
  virtual void Fail(Status status) = 0;
  // Tells the outcome. The last thing it does: the call's memory may be gone afterwards.
  virtual void Complete() = 0;

  // Whether it may have changed something once its command was sent.
  virtual bool is_write() const = 0;
  const CallContext& call() const { return call_; }

  // From here on a stop of the call is told to `keeper`, as that of `id`; until Release.
  void KeepBy(RequestKeeper& keeper, uint64_t id) {
    keeper_ = &keeper;
    id_ = id;
    call_.waiter->SetStopListener(this);
  }
  void Release() { call_.waiter->SetStopListener(nullptr); }
  void OnStop() override { keeper_->StopRequested(id_); }

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
  const CallContext& call_;
  RequestKeeper* keeper_ = nullptr;
  uint64_t id_ = 0;
  bool must_reconnect_ = false;
};

}  // namespace mecha::components
