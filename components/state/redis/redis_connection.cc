// SPDX-License-Identifier: Apache-2.0
#include "redis_connection.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "redis_error.h"
#include "result/status.h"

namespace MECHA_COMPONENT {
namespace {

// One read of a small reply, on the stack; and of a large value, on the heap.
constexpr size_t kReadBytes = 16 * 1024;
constexpr size_t kLargeReadBytes = 256 * 1024;
constexpr size_t kPiecesAtOnce = 32;

}  // namespace

RedisConnection::~RedisConnection() {
  if (fd_ >= 0) {
    close(fd_);
  }
}

absl::Status RedisConnection::Fail(absl::Status status) {
  is_broken_ = true;
  return status;
}

// The call as one step of it sees it: with a deadline no later than `timeout` from now.
CallContext RedisConnection::Step(const CallContext& call, Duration timeout) const {
  CallContext step = call;
  if (timeout != Duration::max()) {
    const Deadline limit = Deadline::After(host_.clock().Now(), timeout);
    if (limit.at() < call.deadline.at()) {
      step.deadline = limit;
    }
  }
  return step;
}

absl::Status RedisConnection::WaitFor(const CallContext& call, Duration timeout, short events,
                                      std::string_view what) {
  const CallContext step = Step(call, timeout);
  absl::Status status = host_.Wait(step, fd_, events);
  if (status.ok()) [[likely]] {
    return status;
  }
  const std::string place = std::string(what) + " " + Name();
  const bool is_own_limit = step.deadline.at() < call.deadline.at();
  if (is_own_limit && status.code() == absl::StatusCode::kDeadlineExceeded) {
    const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(timeout);
    return Fail(Unavailable(place + ": no progress for " + std::to_string(limit.count()) + " ms"));
  }
  return Fail(WithPrefix(status, place));
}

absl::Status RedisConnection::Connect(const CallContext& call, const SocketAddress& address) {
  const auto* peer = reinterpret_cast<const sockaddr*>(&address.storage);
  fd_ = socket(peer->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) {
    return Fail(FromSystem("open a socket", errno));
  }
  const int one = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(fd_, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
  const std::string what = "connect to " + Name();
  if (connect(fd_, peer, address.size) == 0) {
    return absl::OkStatus();
  }
  if (errno != EINPROGRESS && errno != EINTR) {
    return Fail(FromSystem(what, errno));
  }
  RETURN_IF_ERROR(WaitFor(call, Duration::max(), POLLOUT, "connect to"));
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0 ? absl::OkStatus() : Fail(FromSystem(what, error));
}

absl::Status RedisConnection::LogIn(const CallContext& call) {
  commands_.Clear();
  if (!options_.username.empty()) {
    commands_.AddCommand({"AUTH", options_.username, options_.password});
  } else if (!options_.password.empty()) {
    commands_.AddCommand({"AUTH", options_.password});
  }
  if (options_.database != 0) {
    commands_.AddCommand({"SELECT", std::to_string(options_.database)});
  }
  const size_t count = commands_.count();
  const absl::Status sent = count == 0 ? absl::OkStatus() : Send(call);
  commands_.Wipe();
  RETURN_IF_ERROR(sent);
  absl::Status result;
  for (size_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(const Reply* reply, Receive(call));
    if (reply->is_error() && result.ok()) {
      result = Fail(WithPrefix(FromServer(reply->text()).status, "log in at " + Name()));
    }
  }
  return result;
}

bool RedisConnection::IsAlive() const {
  char byte;
  // Not alive, too, when the server has said something nobody asked for.
  return recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EINTR);
}

absl::Status RedisConnection::Send(const CallContext& call) {
  sent_bytes_ = 0;
  outstanding_ += commands_.count();
  for (;;) {
    RETURN_IF_ERROR(SendSome());
    if (sent_bytes_ == commands_.total_bytes()) {
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(WaitFor(call, options_.write_timeout, POLLOUT, "send to"));
  }
}

// Sends until everything is sent or the socket takes no more.
absl::Status RedisConnection::SendSome() {
  const size_t total = commands_.total_bytes();
  while (sent_bytes_ < total) {
    iovec pieces[kPiecesAtOnce];
    const size_t filled = commands_.Pieces(sent_bytes_, pieces);
    ssize_t count = 0;
    if (filled == 1) {
      count = send(fd_, pieces->iov_base, pieces->iov_len, MSG_NOSIGNAL | MSG_DONTWAIT);
    } else {
      msghdr message{};
      message.msg_iov = pieces;
      message.msg_iovlen = filled;
      count = sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    if (count >= 0) {
      sent_bytes_ += static_cast<size_t>(count);
    } else if (errno == EAGAIN) {
      return absl::OkStatus();
    } else if (errno != EINTR) {
      return Fail(FromSystem("send to " + Name(), errno));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Reply*> RedisConnection::Receive(const CallContext& call) {
  for (;;) {
    switch (reader_.Next()) {
      case ReplyReader::Progress::kReply:
        --outstanding_;
        large_.reset();
        return &reader_.reply();
      case ReplyReader::Progress::kBroken:
        return Fail(WithPrefix(reader_.error(), "receive from " + Name()));
      case ReplyReader::Progress::kNeedsMore:
        break;
    }
    RETURN_IF_ERROR(ReceiveSome(call));
  }
}

absl::Status RedisConnection::ReceiveSome(const CallContext& call) {
  if (!may_have_more_) {
    RETURN_IF_ERROR(WaitFor(call, options_.read_timeout, POLLIN, "wait for a reply of"));
  }
  if (reader_.missing_bytes() <= kReadBytes) {
    char bytes[kReadBytes];
    return Read(bytes, sizeof bytes);
  }
  if (large_ == nullptr) {
    large_.reset(new char[kLargeReadBytes]);
  }
  return Read(large_.get(), std::min(reader_.missing_bytes(), kLargeReadBytes));
}

absl::Status RedisConnection::Read(char* bytes, size_t size) {
  const ssize_t count = recv(fd_, bytes, size, MSG_DONTWAIT);
  may_have_more_ = count == static_cast<ssize_t>(size);
  if (count > 0) {
    reader_.Feed({bytes, static_cast<size_t>(count)});
    return absl::OkStatus();
  }
  if (count == 0) {
    return Fail(Unavailable("receive from " + Name() + ": connection closed by the server"));
  }
  if (errno == EAGAIN || errno == EINTR) {
    return absl::OkStatus();
  }
  return Fail(FromSystem("receive from " + Name(), errno));
}

}  // namespace MECHA_COMPONENT
