// SPDX-License-Identifier: Apache-2.0
#include "redis/redis_connection.h"

#include <algorithm>
#include <string>
#include <utility>

#include "redis/redis_error.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha::components {
namespace {

// One read of a small reply, on the stack; and of a large value, on the heap.
constexpr size_t kReadBytes = 16 * 1024;
constexpr size_t kLargeReadBytes = 256 * 1024;
constexpr size_t kSliceBytes = 4 * 1024;

}  // namespace

void RedisConnection::AddLogIn() {
  commands_.Clear();
  if (!options_.username.empty()) {
    commands_.AddCommand({"AUTH", options_.username, options_.password});
  } else if (!options_.password.empty()) {
    commands_.AddCommand({"AUTH", options_.password});
  }
  if (options_.database != 0) {
    commands_.AddCommand({"SELECT", std::to_string(options_.database)});
  }
  if (options_.role == RedisOptions::Role::kMaster) {
    commands_.AddCommand({"ROLE"});
  }
}

Status RedisConnection::CheckLogIn(const Reply& reply, bool is_role) const {
  if (reply.is_error()) {
    const bool is_sentinel = options_.role == RedisOptions::Role::kSentinel;
    const ServerError error = FromServer(reply.text(), is_sentinel ? "sentinel" : "redis");
    return WithPrefix(error.status, "log in at " + Name());
  }
  if (is_role && (reply.items.empty() || reply.items.front().text() != "master")) {
    return Unavailable(Name() + " is a replica, and not the master \"" + options_.master_name +
                       "\" now");
  }
  return OkStatus();
}

Status RedisConnection::LogIn(const CallContext& call) {
  AddLogIn();
  const size_t count = commands_.count();
  const Status sent = count == 0 ? OkStatus() : Send(call);
  commands_.Wipe();
  RETURN_IF_ERROR(sent);
  Status result;
  for (size_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(const Reply* reply, Receive(call));
    const bool is_role = options_.role == RedisOptions::Role::kMaster && i + 1 == count;
    if (result.ok()) {
      result = CheckLogIn(*reply, is_role);
    }
  }
  return result.ok() ? result : Fail(std::move(result));
}

Status RedisConnection::TakeOver(RedisConnection& dead) {
  std::swap(commands_, dead.commands_);
  replicas = dead.replicas;  // what the commands were made for
  queues = dead.queues;
  return OkStatus();
}

void RedisConnection::BeginSend() {
  ForgetSent();
  outstanding_ += commands_.count();
}

Status RedisConnection::Send(const CallContext& call) {
  outstanding_ += commands_.count();
  return SendAll(call, commands_);
}

StatusOr<Reply*> RedisConnection::Receive(const CallContext& call) {
  for (;;) {
    ASSIGN_OR_RETURN(Reply * reply, NextReply());
    if (reply == nullptr) {
      ASSIGN_OR_RETURN(reply, ReceiveSome(call));
    }
    if (reply != nullptr) {
      return reply;
    }
  }
}

Reply* RedisConnection::Taken() {
  --outstanding_;
  large_.reset();
  return &reader_.reply();
}

StatusOr<Reply*> RedisConnection::NextReply() {
  for (;;) {
    if (!unread_.empty() && reader_.is_empty()) {
      const size_t taken = reader_.TakeWhole(unread_);
      unread_.remove_prefix(taken);
      if (taken != 0) {
        return Taken();
      }
    }
    switch (reader_.Next()) {
      case ReplyReader::Progress::kReply:
        return Taken();
      case ReplyReader::Progress::kBroken:
        return Fail(WithPrefix(reader_.error(), "receive from " + Name()));
      case ReplyReader::Progress::kNeedsMore:
        break;
    }
    if (unread_.empty()) {
      return nullptr;
    }
    FeedSlice();
  }
}

// hiredis moves what it has not parsed yet with every reply, so it gets no more than what the reply
// lacks, or one line.
void RedisConnection::FeedSlice() {
  const size_t missing = reader_.missing_bytes();
  const size_t wanted = missing != 0 ? missing : unread_.substr(0, kSliceBytes).find('\n') + 1;
  const std::string_view slice = unread_.substr(0, wanted == 0 ? kSliceBytes : wanted);
  reader_.Feed(slice);
  unread_.remove_prefix(slice.size());
}

StatusOr<bool> RedisConnection::ReceiveNow(std::span<char> room) {
  ASSIGN_OR_RETURN(const size_t count, ReadAvailable(room));
  unread_ = {room.data(), count};
  return may_have_more();
}

// A reply when it came as a whole, else null.
StatusOr<Reply*> RedisConnection::ReceiveSome(const CallContext& call) {
  if (reader_.missing_bytes() <= kReadBytes) {
    char bytes[kReadBytes];
    return ReadInto(call, bytes);
  }
  if (large_ == nullptr) {
    large_.reset(new char[kLargeReadBytes]);
  }
  return ReadInto(call, {large_.get(), std::min(reader_.missing_bytes(), kLargeReadBytes)});
}

StatusOr<Reply*> RedisConnection::ReadInto(const CallContext& call, std::span<char> into) {
  ASSIGN_OR_RETURN(const size_t count, Read(call, into));
  const std::string_view bytes(into.data(), count);
  const size_t taken = reader_.is_empty() ? reader_.TakeWhole(bytes) : 0;
  if (taken < count) {
    reader_.Feed(bytes.substr(taken));
  }
  return taken == 0 ? nullptr : Taken();
}

}  // namespace mecha::components
