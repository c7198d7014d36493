// SPDX-License-Identifier: Apache-2.0
#include "connection/sealed_socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>

#include "connection/system_error.h"

namespace mecha::components {
namespace {

constexpr std::string_view kHandshake = "TLS handshake with ";
constexpr std::string_view kReceive = "receive from ";
constexpr std::string_view kSend = "send to ";

constexpr size_t kPlainPieces = 32;
// Encrypted before it is sent: a few records for one system call.
constexpr size_t kEncryptedAtOnce = 64 * 1024;

std::string Join(std::string_view what, const std::string& peer) {
  return std::string(what) + peer;
}

}  // namespace

StatusOr<short> SealedSocket::Handshake() {
  for (;;) {
    const auto step = session_->Handshake();
    const auto is_flushed = Flush();
    if (!step.ok()) {
      return WithPrefix(step.status(), Join(kHandshake, peer_));
    }
    RETURN_IF_ERROR(is_flushed.status());
    if (!*is_flushed) {
      return static_cast<short>(POLLOUT);
    }
    if (*step) {
      return static_cast<short>(0);
    }
    ASSIGN_OR_RETURN(const bool is_moved, Receive(kHandshake));
    if (!is_moved) {
      return static_cast<short>(POLLIN);
    }
  }
}

// True when all that is outgoing has gone, false when the socket takes no more.
StatusOr<bool> SealedSocket::Flush() {
  for (std::string_view bytes = session_->Outgoing(); !bytes.empty();
       bytes = session_->Outgoing()) {
    const ssize_t count = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      session_->Sent(static_cast<size_t>(count));
    } else if (errno == EAGAIN) {
      return false;
    } else if (errno != EINTR) {
      return FailSend(errno);
    }
  }
  return true;
}

// A server that ends the connection may have said why before.
Status SealedSocket::FailSend(int error) {
  Status failed = FromSystem(Join(kSend, peer_), error);
  char bytes[1024];
  for (auto is_moved = Receive(kSend); is_moved.ok() && *is_moved; is_moved = Receive(kSend)) {
    const auto said = session_->Read(bytes);
    if (said.status().code() == StatusCode::kUnauthenticated) {
      return WithPrefix(said.status(), Join(kSend, peer_));
    }
  }
  return failed;
}

// False when nothing is there.
StatusOr<bool> SealedSocket::Receive(std::string_view what) {
  const std::span<char> room = session_->Room();
  const ssize_t count = recv(fd_, room.data(), room.size(), MSG_DONTWAIT);
  if (count > 0) {
    session_->Received(static_cast<size_t>(count));
    return true;
  }
  if (count == 0) {
    return Unavailable(Join(what, peer_) + ": connection closed by the server");
  }
  if (errno == EAGAIN || errno == EINTR) {
    return false;
  }
  return FromSystem(Join(what, peer_), errno);
}

Status SealedSocket::EncryptSome(const SendBuffer& requests) {
  iovec pieces[kPlainPieces];
  const size_t filled = requests.Pieces(encrypted_, pieces);
  for (size_t i = 0; i < filled && session_->Outgoing().size() < kEncryptedAtOnce; ++i) {
    const std::string_view whole(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
    const std::string_view part = whole.substr(0, kEncryptedAtOnce);
    const Status status = session_->Write(part);
    if (!status.ok()) {
      return WithPrefix(status, Join(kSend, peer_));
    }
    encrypted_ += part.size();
    if (part.size() < whole.size()) {
      break;
    }
  }
  return OkStatus();
}

StatusOr<bool> SealedSocket::Send(const SendBuffer& requests, size_t* sent) {
  for (;;) {
    const size_t outgoing = session_->Outgoing().size();
    const auto is_flushed = Flush();
    if (session_->Outgoing().size() < outgoing) {
      *sent = encrypted_;
    }
    RETURN_IF_ERROR(is_flushed.status());
    if (!*is_flushed) {
      return false;
    }
    if (encrypted_ == requests.total_bytes()) {
      return true;
    }
    RETURN_IF_ERROR(EncryptSome(requests));
  }
}

StatusOr<size_t> SealedSocket::Decrypt(std::span<char> into) {
  auto count = session_->Read(into);
  if (!count.ok()) {
    return WithPrefix(count.status(), Join(kReceive, peer_));
  }
  return count;
}

StatusOr<size_t> SealedSocket::ReadAll(std::span<char> into, bool* may_have_more) {
  *may_have_more = false;
  size_t count = 0;
  for (;;) {
    const auto read = Decrypt(into.subspan(count));
    if (!read.ok()) {
      return count == 0 ? read : count;
    }
    count += *read;
    if (into.size() - count < kLeastRoom) {
      *may_have_more = true;
      return count;
    }
    const auto is_moved = Receive(kReceive);
    if (!is_moved.ok()) {
      return count == 0 ? StatusOr<size_t>(is_moved.status()) : count;
    }
    if (!*is_moved) {
      return count;
    }
  }
}

bool SealedSocket::IsIdle() {
  char byte;
  for (;;) {
    const auto read = session_->Read({&byte, 1});
    if (!read.ok() || *read != 0) {
      return false;
    }
    const auto is_moved = Receive(kReceive);
    if (!is_moved.ok()) {
      return false;
    }
    if (!*is_moved) {
      return true;
    }
  }
}

void SealedSocket::SayFarewell() {
  session_->Close();
  Flush().status().IgnoreError();
}

}  // namespace mecha::components
