// SPDX-License-Identifier: Apache-2.0
#include "direct_exchange.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "connection/system_error.h"

namespace MECHA_COMPONENT {
namespace {

constexpr size_t kLongestRequest = 16 * 1024;
constexpr size_t kLongestExpected = 256 * 1024;
// So long a blocking recv may take; then the deadline is looked at again.
constexpr std::chrono::seconds kLongestReceive(1);

constexpr std::string_view kSend = "send to";
constexpr std::string_view kReceive = "receive from";

// Of the four messages of a request, all but the name of the statement and the parameters.
constexpr size_t kFrameBytes = 64;

// Writes numbers, big end first, and texts. The room is the caller's affair.
class Pen {
 public:
  explicit Pen(char* at) : at_(at) {}

  Pen& Number(uint32_t number) {
    number = __builtin_bswap32(number);
    memcpy(at_, &number, sizeof number);
    at_ += sizeof number;
    return *this;
  }
  Pen& Count(int count) {
    *at_++ = static_cast<char>(count >> 8);
    *at_++ = static_cast<char>(count);
    return *this;
  }
  Pen& Bytes(std::string_view bytes) {
    memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
    return *this;
  }
  char* at() const { return at_; }

 private:
  char* at_;
};

// What they take in a message.
size_t BytesOf(const Parameters& parameters) {
  size_t bytes = 0;
  for (int i = 0; i < parameters.count(); ++i) {
    bytes += kLengthBytes + static_cast<size_t>(parameters.sizes()[i]);
  }
  return bytes;
}

}  // namespace

bool DirectExchange::Fits(const Parameters& parameters) {
  return BytesOf(parameters) <= kLongestRequest;
}

Status DirectExchange::SetBlocking(bool is_blocking) {
  const int flags = fcntl(fd_, F_GETFL);
  const int wanted = is_blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
  if (flags < 0 || fcntl(fd_, F_SETFL, wanted) < 0) {
    return FromSystem(Words("prepare the connection to"), errno);
  }
  is_blocking_ = is_blocking;
  return OkStatus();
}

Status DirectExchange::Take(int fd, const std::string& server) {
  if (is_blocking_) [[likely]] {
    return OkStatus();
  }
  if (fd_ != fd) {
    fd_ = fd;
    server_ = server;
    const timeval patience{kLongestReceive.count(), 0};
    if (setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0) {
      return FromSystem(Words("prepare the connection to"), errno);
    }
  }
  return SetBlocking(true);
}

Status DirectExchange::Yield() { return is_blocking_ ? SetBlocking(false) : OkStatus(); }

// Bind, Describe, Execute and Sync, with all parameters and results in binary. The portal has no
// name. A message is a letter, then its length, which counts itself.
void DirectExchange::Encode(std::string_view statement, const Parameters& parameters) {
  constexpr int kBinary = 1;
  constexpr std::string_view kNul("\0", 1);
  constexpr std::string_view kEnd("D\0\0\0\6P\0E\0\0\0\11\0\0\0\0\0S\0\0\0\4", 22);
  const size_t most = kFrameBytes + statement.size() + BytesOf(parameters);
  if (most > capacity_) {
    request_.reset(new char[most]);
    capacity_ = most;
  }
  char* const length = request_.get() + 1;
  Pen pen(length + kLengthBytes);
  request_[0] = 'B';
  pen.Bytes(kNul).Bytes(statement).Bytes(kNul);
  pen.Count(1).Count(kBinary).Count(parameters.count());
  for (int i = 0; i < parameters.count(); ++i) {
    const char* value = parameters.values()[i];
    const auto size = static_cast<uint32_t>(parameters.sizes()[i]);
    if (value == nullptr) {
      pen.Number(0xFFFFFFFF);
    } else {
      pen.Number(size).Bytes({value, size});
    }
  }
  pen.Count(1).Count(kBinary);
  Pen(length).Number(static_cast<uint32_t>(pen.at() - length));
  pen.Bytes(kEnd);
  size_ = static_cast<size_t>(pen.at() - request_.get());
}

Status DirectExchange::WaitFor(const CallContext& call, short events, std::string_view what) {
  const Status status = host_.WaitOnSocket(call, fd_, events);
  return status.ok() ? status : WithPrefix(status, Words(what));
}

Status DirectExchange::Send(const CallContext& call) {
  for (size_t sent = 0; sent < size_;) {
    const ssize_t count =
        send(fd_, request_.get() + sent, size_ - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      sent += static_cast<size_t>(count);
    } else if (errno == EAGAIN) {
      RETURN_IF_ERROR(WaitFor(call, POLLOUT, kSend));
    } else if (errno != EINTR) {
      return FromSystem(Words(kSend), errno);
    }
  }
  return OkStatus();
}

// What recv returned, with errno.
StatusOr<ssize_t> DirectExchange::ReceiveSome(const CallContext& call, std::span<char> room) {
  const bool is_far =
      call.deadline.is_never() || call.deadline.Remaining(host_.clock().Now()) > kLongestReceive;
  if (!is_far) {
    RETURN_IF_ERROR(WaitFor(call, POLLIN, "wait for a reply of"));
    return recv(fd_, room.data(), room.size(), MSG_DONTWAIT);
  }
  auto count = host_.Receive(call, fd_, room);
  if (count.ok()) [[likely]] {
    return count;
  }
  if (IsDeadlineExceeded(count.status()) && !call.deadline.HasPassed(host_.clock().Now())) {
    errno = EAGAIN;  // it was the socket's patience
    return ssize_t{-1};
  }
  return WithPrefix(count.status(), Words("wait for a reply of"));
}

// An error of the server stands, too, when the server has gone after it.
Status DirectExchange::Receive(const CallContext& call, DirectReply& reply) {
  for (;;) {
    ASSIGN_OR_RETURN(const ssize_t count, ReceiveSome(call, reply.Room()));
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
      continue;
    }
    if (count <= 0) {
      if (reply.has_error()) {
        return OkStatus();
      }
      return count < 0 ? FromSystem(Words(kReceive), errno)
                       : Unavailable(Words(kReceive) + ": connection closed by the server");
    }
    switch (reply.Received(static_cast<size_t>(count))) {
      case DirectReply::Progress::kComplete:
        return OkStatus();
      case DirectReply::Progress::kBroken:
        return Status(StatusCode::kDataLoss,
                      Words(kReceive) + ": what came is no answer to the statement that was sent");
      case DirectReply::Progress::kNeedsMore:
        break;
    }
  }
}

StatusOr<DirectReply> DirectExchange::Run(const CallContext& call, std::string_view statement,
                                          const Parameters& parameters) {
  Encode(statement, parameters);
  DirectReply reply(std::min(last_bytes_ + last_bytes_ / 4, kLongestExpected));
  const Status sent = Send(call);
  if (!sent.ok()) {
    // A server that ends the session says why before.
    const std::span<char> room = reply.Room();
    const ssize_t count = recv(fd_, room.data(), room.size(), MSG_DONTWAIT);
    if (count > 0) {
      reply.Received(static_cast<size_t>(count));
    }
    return reply.has_error() ? StatusOr<DirectReply>(std::move(reply)) : sent;
  }
  RETURN_IF_ERROR(Receive(call, reply));
  last_bytes_ = reply.size();
  return reply;
}

}  // namespace MECHA_COMPONENT
