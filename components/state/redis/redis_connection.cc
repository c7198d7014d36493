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
#include "result/status_or.h"

namespace MECHA_COMPONENT {
namespace {

// One read of a small reply, on the stack; and of a large value, on the heap.
constexpr size_t kReadBytes = 16 * 1024;
constexpr size_t kLargeReadBytes = 256 * 1024;
constexpr size_t kPiecesAtOnce = 32;
constexpr size_t kSliceBytes = 4 * 1024;

}  // namespace

RedisConnection::~RedisConnection() {
  if (fd_ >= 0) {
    close(fd_);
  }
}

Status RedisConnection::Fail(Status status) {
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

// What a wait of one step ended with, in words.
Status RedisConnection::FailWait(const Status& status, bool is_own_limit, Duration timeout,
                                 std::string_view what) {
  const std::string place = std::string(what) + " " + Name();
  if (is_own_limit && status.code() == StatusCode::kDeadlineExceeded) {
    return Fail(NoProgress(place, timeout));
  }
  return Fail(WithPrefix(status, place));
}

Status RedisConnection::WaitFor(const CallContext& call, Duration timeout, short events,
                                std::string_view what) {
  const CallContext step = Step(call, timeout);
  const Status status = host_.Wait(step, fd_, events);
  if (status.ok()) [[likely]] {
    return status;
  }
  return FailWait(status, step.deadline.at() < call.deadline.at(), timeout, what);
}

// As recv: one blocking system call where readTimeout comes before the deadline, as it usually
// does.
StatusOr<ssize_t> RedisConnection::WaitAndReceive(const CallContext& call, std::span<char> into) {
  constexpr std::string_view kWhat = "wait for a reply of";
  const Duration timeout = options_.read_timeout;
  const bool is_own_limit =
      call.deadline.is_never() || call.deadline.Remaining(host_.clock().Now()) > timeout;
  if (may_have_more_ || !is_own_limit || timeout == Duration::max()) {
    if (!may_have_more_) {
      RETURN_IF_ERROR(WaitFor(call, timeout, POLLIN, kWhat));
    }
    return recv(fd_, into.data(), into.size(), MSG_DONTWAIT);
  }
  auto count = host_.Receive(call, fd_, into);
  if (!count.ok()) {
    return FailWait(count.status(), true, timeout, kWhat);
  }
  return count;
}

Status RedisConnection::Connect(const CallContext& call, const SocketAddress& address) {
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
    return MakeBlocking();
  }
  if (errno != EINPROGRESS && errno != EINTR) {
    return Fail(FromSystem(what, errno));
  }
  RETURN_IF_ERROR(WaitFor(call, Duration::max(), POLLOUT, "connect to"));
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0 ? MakeBlocking() : Fail(FromSystem(what, error));
}

// From here on whoever must not wait says so in each system call.
Status RedisConnection::MakeBlocking() {
  const bool is_endless = options_.read_timeout == Duration::max();
  const auto patience = std::chrono::ceil<std::chrono::microseconds>(
      is_endless ? Duration::zero() : options_.read_timeout);
  timeval time{};
  time.tv_sec = patience.count() / 1'000'000;
  time.tv_usec = patience.count() % 1'000'000;
  const int flags = fcntl(fd_, F_GETFL);
  if (setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time) < 0 ||
      fcntl(fd_, F_SETFL, flags & ~O_NONBLOCK) < 0) {
    return Fail(FromSystem("prepare the connection to " + Name(), errno));
  }
  return OkStatus();
}

Status RedisConnection::LogIn(const CallContext& call) {
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
  const Status sent = count == 0 ? OkStatus() : Send(call);
  commands_.Wipe();
  RETURN_IF_ERROR(sent);
  Status result;
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

void RedisConnection::BeginSend() {
  sent_bytes_ = 0;
  outstanding_ += commands_.count();
}

StatusOr<bool> RedisConnection::SendAvailable() {
  RETURN_IF_ERROR(SendSome());
  return sent_bytes_ == commands_.total_bytes();
}

Status RedisConnection::Send(const CallContext& call) {
  BeginSend();
  for (;;) {
    ASSIGN_OR_RETURN(const bool is_sent, SendAvailable());
    if (is_sent) {
      return OkStatus();
    }
    RETURN_IF_ERROR(WaitFor(call, options_.write_timeout, POLLOUT, "send to"));
  }
}

// Sends until everything is sent or the socket takes no more.
Status RedisConnection::SendSome() {
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
      return OkStatus();
    } else if (errno != EINTR) {
      return Fail(FromSystem("send to " + Name(), errno));
    }
  }
  return OkStatus();
}

StatusOr<Reply*> RedisConnection::Receive(const CallContext& call) {
  for (;;) {
    ASSIGN_OR_RETURN(Reply * reply, NextReply());
    if (reply != nullptr) {
      return reply;
    }
    RETURN_IF_ERROR(ReceiveSome(call));
  }
}

StatusOr<Reply*> RedisConnection::NextReply() {
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
    if (unread_.empty()) {
      return nullptr;
    }
    FeedSlice();
  }
}

// hiredis moves what it has not parsed yet with every reply, so it gets no more than a little.
void RedisConnection::FeedSlice() {
  const size_t wanted = std::max(kSliceBytes, std::min(reader_.missing_bytes(), kReadBytes));
  const std::string_view slice = unread_.substr(0, wanted);
  reader_.Feed(slice);
  unread_.remove_prefix(slice.size());
}

StatusOr<bool> RedisConnection::ReceiveAvailable(std::span<char> room) {
  const ssize_t count = recv(fd_, room.data(), room.size(), MSG_DONTWAIT);
  RETURN_IF_ERROR(CheckReceived(count, room.size()));
  unread_ = {room.data(), static_cast<size_t>(std::max<ssize_t>(count, 0))};
  return may_have_more_;
}

Status RedisConnection::ReceiveSome(const CallContext& call) {
  if (reader_.missing_bytes() <= kReadBytes) {
    char bytes[kReadBytes];
    return Read(call, bytes);
  }
  if (large_ == nullptr) {
    large_.reset(new char[kLargeReadBytes]);
  }
  return Read(call, {large_.get(), std::min(reader_.missing_bytes(), kLargeReadBytes)});
}

Status RedisConnection::Read(const CallContext& call, std::span<char> into) {
  ASSIGN_OR_RETURN(const ssize_t count, WaitAndReceive(call, into));
  RETURN_IF_ERROR(CheckReceived(count, into.size()));
  if (count > 0) {
    reader_.Feed({into.data(), static_cast<size_t>(count)});
  }
  return OkStatus();
}

// What recv returned, with errno; it had room for `size`.
Status RedisConnection::CheckReceived(ssize_t count, size_t size) {
  may_have_more_ = count == static_cast<ssize_t>(size);
  if (count > 0) {
    return OkStatus();
  }
  if (count == 0) {
    return Fail(Unavailable("receive from " + Name() + ": connection closed by the server"));
  }
  if (errno == EAGAIN || errno == EINTR) {
    return OkStatus();
  }
  return Fail(FromSystem("receive from " + Name(), errno));
}

}  // namespace MECHA_COMPONENT
