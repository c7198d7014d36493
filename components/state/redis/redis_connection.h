// SPDX-License-Identifier: Apache-2.0
// RedisConnection: one socket to the server, used by one call at a time. It sends commands and
// reads their replies in order, waiting in the host only. It never sends anything twice, and
// after any failure, or with a reply outstanding, it may only be closed.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "contract/host.h"
#include "redis_address.h"
#include "redis_commands.h"
#include "redis_options.h"
#include "redis_reply_reader.h"
#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

class RedisConnection {
 public:
  // Both outlive the connection.
  RedisConnection(Host& host, const RedisOptions& options) : host_(host), options_(options) {}
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;
  ~RedisConnection();

  Status Connect(const CallContext& call, const SocketAddress& address);
  // AUTH and SELECT, as far as the options ask for them.
  Status LogIn(const CallContext& call);

  // The commands to send next. Cleared by whoever fills them.
  RedisCommands& commands() { return commands_; }
  // Sends commands() whole. After a failure HasSent tells which of them may run.
  Status Send(const CallContext& call);
  // The reply of the next command, valid until the next Receive. Error replies are OK here.
  StatusOr<Reply*> Receive(const CallContext& call);

  // For a connection that is shared and watched: none of these waits. BeginSend marks commands() as
  // the ones to send; SendAvailable is true when the socket has taken all; ReceiveAvailable reads
  // what is there into `room`, which stays until NextReply has given all of it, true when there may
  // be more; NextReply is null when no reply is complete.
  void BeginSend();
  StatusOr<bool> SendAvailable();
  StatusOr<bool> ReceiveAvailable(std::span<char> room);
  StatusOr<Reply*> NextReply();
  int fd() const { return fd_; }

  // Whether command `index` has left this process; the server runs none that has not come whole.
  bool HasSent(size_t index) const { return sent_bytes_ >= commands_.EndOf(index); }
  bool has_sent_nothing() const { return sent_bytes_ == 0; }
  // Fit for another call: no failure, and no reply that is still to come.
  bool is_reusable() const { return !is_broken_ && outstanding_ == 0 && !reader_.has_more(); }
  void MarkBroken() { is_broken_ = true; }
  // Asks the system, without waiting, whether the server has closed an idle connection.
  bool IsAlive() const;

  // What the pool and the store remember of this connection.
  SteadyTime opened_at{};
  SteadyTime used_at{};  // when its last use began
  uint64_t generation = 0;
  int64_t replicas = -1;  // as INFO said when first asked; -1 before

 private:
  CallContext Step(const CallContext& call, Duration timeout) const;
  Status WaitFor(const CallContext& call, Duration timeout, short events, std::string_view what);
  StatusOr<ssize_t> WaitAndReceive(const CallContext& call, std::span<char> into);
  Status FailWait(const Status& status, bool is_own_limit, Duration timeout, std::string_view what);
  Status MakeBlocking();
  Status SendSome();
  Status ReceiveSome(const CallContext& call);
  Status Read(const CallContext& call, std::span<char> into);
  Status CheckReceived(ssize_t count, size_t size);
  void FeedSlice();
  Status Fail(Status status);
  std::string Name() const { return options_.address.Text(); }

  Host& host_;
  const RedisOptions& options_;
  int fd_ = -1;
  bool is_broken_ = false;
  bool may_have_more_ = false;  // the last read filled its buffer
  size_t outstanding_ = 0;      // replies to come
  size_t sent_bytes_ = 0;       // of commands_
  RedisCommands commands_;
  ReplyReader reader_;
  std::string_view unread_;        // by ReceiveAvailable, in its room, and not parsed yet
  std::unique_ptr<char[]> large_;  // where a large value is read to, while it comes
};

}  // namespace MECHA_COMPONENT
