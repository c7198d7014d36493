// SPDX-License-Identifier: Apache-2.0
#include "connection/socket_connection.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "connection/system_error.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha::components {
namespace {

constexpr size_t kPiecesAtOnce = 32;

}  // namespace

SocketConnection::~SocketConnection() {
  if (fd_ >= 0) {
    if (sealed_ != nullptr && !is_broken()) {
      sealed_->SayFarewell();
    }
    close(fd_);
  }
}

Status SocketConnection::Fail(Status status) {
  MarkBroken();
  return status;
}

// The call as one step of it sees it: with a deadline no later than `timeout` from now.
CallContext SocketConnection::Step(const CallContext& call, Duration timeout) const {
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
Status SocketConnection::FailWait(const Status& status, bool is_own_limit, Duration timeout,
                                  std::string_view what) {
  const std::string place = std::string(what) + " " + Name();
  if (is_own_limit && status.code() == StatusCode::kDeadlineExceeded) {
    return Fail(NoProgress(place, timeout));
  }
  return Fail(WithPrefix(status, place));
}

Status SocketConnection::WaitFor(const CallContext& call, Duration timeout, short events,
                                 std::string_view what) {
  const CallContext step = Step(call, timeout);
  const Status status = host_.Wait(step, fd_, events);
  if (status.ok()) [[likely]] {
    return status;
  }
  return FailWait(status, step.deadline.at() < call.deadline.at(), timeout, what);
}

// As recv: one blocking system call where read_timeout comes before the deadline, as it usually
// does.
StatusOr<ssize_t> SocketConnection::WaitAndReceive(const CallContext& call, std::span<char> into) {
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

Status SocketConnection::Connect(const CallContext& call, const SocketAddress& address) {
  peer_ = address.name;
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
    RETURN_IF_ERROR(MakeBlocking());
    return Secure(call);
  }
  if (errno != EINPROGRESS && errno != EINTR) {
    return Fail(FromSystem(what, errno));
  }
  RETURN_IF_ERROR(WaitFor(call, Duration::max(), POLLOUT, "connect to"));
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    return Fail(FromSystem(what, error));
  }
  RETURN_IF_ERROR(MakeBlocking());
  return Secure(call);
}

// From here on whoever must not wait says so in each system call.
Status SocketConnection::MakeBlocking() {
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

// The handshake of TLS, when the options ask for it.
Status SocketConnection::Secure(const CallContext& call) {
  if (options_.tls == nullptr) {
    return OkStatus();
  }
  const std::string& named = options_.tls_server;
  auto session = options_.tls->NewSession(named.empty() ? peer_.host : named);
  if (!session.ok()) {
    return Fail(WithPrefix(session.status(), "TLS with " + Name()));
  }
  sealed_ = std::make_unique<SealedSocket>(*std::move(session), fd_, Name());
  for (;;) {
    const auto awaited = sealed_->Handshake();
    if (!awaited.ok()) {
      return Fail(awaited.status());
    }
    if (*awaited == 0) {
      return OkStatus();
    }
    RETURN_IF_ERROR(WaitFor(call, Duration::max(), *awaited, "wait for the TLS handshake of"));
  }
}

bool SocketConnection::IsAlive() const {
  if (sealed_ != nullptr) {
    return sealed_->IsIdle();
  }
  char byte;
  // Not alive, too, when the server has said something nobody asked for.
  return recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EINTR);
}

StatusOr<bool> SocketConnection::SendAvailable(const SendBuffer& requests) {
  if (sealed_ != nullptr) {
    auto is_sent = sealed_->Send(requests, &sent_bytes_);
    return is_sent.ok() ? is_sent : Fail(is_sent.status());
  }
  RETURN_IF_ERROR(SendSome(requests));
  return sent_bytes_ == requests.total_bytes();
}

Status SocketConnection::SendAll(const CallContext& call, const SendBuffer& requests) {
  ForgetSent();
  for (;;) {
    ASSIGN_OR_RETURN(const bool is_sent, SendAvailable(requests));
    if (is_sent) {
      return OkStatus();
    }
    RETURN_IF_ERROR(WaitFor(call, options_.write_timeout, POLLOUT, "send to"));
  }
}

// Sends until everything is sent or the socket takes no more.
Status SocketConnection::SendSome(const SendBuffer& requests) {
  const size_t total = requests.total_bytes();
  while (sent_bytes_ < total) {
    iovec pieces[kPiecesAtOnce];
    const size_t filled = requests.Pieces(sent_bytes_, pieces);
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

StatusOr<size_t> SocketConnection::ReadSealed(const CallContext& call, std::span<char> into) {
  for (;;) {
    auto count = sealed_->Decrypt(into);
    if (!count.ok()) {
      return Fail(count.status());
    }
    if (*count != 0) {
      return count;
    }
    const std::span<char> room = sealed_->Room();
    ASSIGN_OR_RETURN(const ssize_t received, WaitAndReceive(call, room));
    ASSIGN_OR_RETURN(const size_t taken, CheckReceived(received, room.size()));
    sealed_->Received(taken);
  }
}

StatusOr<size_t> SocketConnection::Read(const CallContext& call, std::span<char> into) {
  if (sealed_ != nullptr) {
    return ReadSealed(call, into);
  }
  ASSIGN_OR_RETURN(const ssize_t count, WaitAndReceive(call, into));
  return CheckReceived(count, into.size());
}

StatusOr<size_t> SocketConnection::ReadAvailable(std::span<char> into) {
  if (sealed_ != nullptr) {
    auto count = sealed_->ReadAll(into, &may_have_more_);
    return count.ok() ? count : Fail(count.status());
  }
  return CheckReceived(recv(fd_, into.data(), into.size(), MSG_DONTWAIT), into.size());
}

// A server that speaks TLS only leaves without a word.
Status SocketConnection::FailReceive(Status status) {
  if (options_.tls_field.empty() || sealed_ != nullptr || HasEverReceived(fd_)) {
    return Fail(std::move(status));
  }
  return Fail(Status(status.code(), std::string(status.message()) +
                                        " without an answer. If it speaks TLS there, set " +
                                        std::string(options_.tls_field)));
}

// What recv returned, with errno; it had room for `size`.
StatusOr<size_t> SocketConnection::CheckReceived(ssize_t count, size_t size) {
  may_have_more_ = count == static_cast<ssize_t>(size);
  if (count > 0) {
    return static_cast<size_t>(count);
  }
  if (count == 0) {
    return FailReceive(Unavailable("receive from " + Name() + ": connection closed by the server"));
  }
  if (errno == EAGAIN || errno == EINTR) {
    return size_t{0};
  }
  return FailReceive(FromSystem("receive from " + Name(), errno));
}

}  // namespace mecha::components
