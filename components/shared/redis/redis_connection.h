// SPDX-License-Identifier: Apache-2.0
// RedisConnection: one socket to the server, used by one call at a time. It sends commands and
// reads their replies in order, waiting in the host only. It never sends anything twice, and
// after any failure, or with a reply outstanding, it may only be closed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "connection/socket_connection.h"
#include "contract/host.h"
#include "redis/redis_commands.h"
#include "redis/redis_options.h"
#include "redis/redis_reply_reader.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha::components {

class RedisConnection final : public SocketConnection {
 public:
  // Both outlive the connection.
  RedisConnection(Host& host, const RedisOptions& options)
      : SocketConnection(host, options), options_(options) {}

  // AUTH, SELECT and ROLE, as far as the options ask for them.
  Status LogIn(const CallContext& call) override;

  // The commands to send next. Cleared by whoever fills them.
  RedisCommands& commands() { return commands_; }
  // Takes the commands of a connection found dead before it sent any of them.
  Status TakeOver(RedisConnection& dead);
  // Sends commands() whole. After a failure HasSent tells which of them may run.
  Status Send(const CallContext& call);
  // The reply of the next command, valid until the next Receive. Error replies are OK here.
  StatusOr<Reply*> Receive(const CallContext& call);

  // For a connection that is shared and watched: none of these waits. BeginSend marks commands() as
  // the ones to send; SendNow is true when the socket has taken all; ReceiveNow reads what is there
  // into `room`, which stays until NextReply has given all of it, true when there may be more;
  // NextReply is null when no reply is complete.
  void BeginSend();
  StatusOr<bool> SendNow() { return SendAvailable(commands_); }
  StatusOr<bool> ReceiveNow(std::span<char> room);
  bool has_unread() const { return !unread_.empty(); }
  StatusOr<Reply*> NextReply();

  // Whether command `index` has left this process; the server runs none that has not come whole.
  bool HasSent(size_t index) const { return sent_bytes() >= commands_.EndOf(index); }
  bool is_reusable() const override {
    return !is_broken() && outstanding_ == 0 && !reader_.has_more();
  }

  // Open, with nothing said that was not asked for. Where every reply has been taken.
  bool IsIdle() const { return is_reusable() && IsAlive(); }

  int64_t replicas = -1;  // as INFO said when first asked; -1 before
  enum class Queues : uint8_t { kUnknown, kNo, kYes };
  Queues queues = Queues::kUnknown;  // whether the server lets this user queue with MULTI

 private:
  void AddLogIn();
  Status CheckLogIn(const Reply& reply, bool is_role) const;
  void FeedSlice();
  Reply* Taken();
  StatusOr<Reply*> ReceiveSome(const CallContext& call);
  StatusOr<Reply*> ReadInto(const CallContext& call, std::span<char> into);

  const RedisOptions& options_;
  size_t outstanding_ = 0;  // replies to come
  RedisCommands commands_;
  ReplyReader reader_;
  std::string_view unread_;        // by ReceiveNow, in its room, and not parsed yet
  std::unique_ptr<char[]> large_;  // where a large value is read to, while it comes
};

}  // namespace mecha::components
