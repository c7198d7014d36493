// SPDX-License-Identifier: Apache-2.0
// RedisRequest: one operation on a connection that many share: what it sends and what its replies
// mean. It does no input or output and knows no connection. Used by one thread at a time; Complete
// runs under no lock.
#pragma once

#include <string_view>
#include <utility>

#include "channel/channel_request.h"
#include "redis/redis_commands.h"
#include "redis/redis_error.h"
#include "redis/redis_reply.h"
#include "result/status.h"

namespace mecha::components {

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

}  // namespace mecha::components
