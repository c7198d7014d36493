// SPDX-License-Identifier: Apache-2.0
// SealedSocket: TLS over a connected socket. It encrypts and sends, receives and decrypts, and
// never waits; when to wait for the socket is its owner's affair, and so is the socket. One thread
// at a time. After an error it may only be destroyed.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "connection/send_buffer.h"
#include "contract/tls.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha::components {

class SealedSocket {
 public:
  // What ReadAll needs room for: then it leaves nothing behind that only it knows of.
  static constexpr size_t kLeastRoom = 36 * 1024;

  // `peer` is how messages call the server.
  SealedSocket(std::unique_ptr<TlsSession> session, int fd, std::string peer)
      : session_(std::move(session)), fd_(fd), peer_(std::move(peer)) {}

  // Goes on with the handshake as far as the bytes go; what the socket must become before it can go
  // further (POLLIN or POLLOUT), or 0 when it is done.
  StatusOr<short> Handshake();

  // Where to receive to, and how much came. For an owner that waits in the receiving itself.
  std::span<char> Room() { return session_->Room(); }
  void Received(size_t count) { session_->Received(count); }
  // Decrypts what came; 0 when more must come.
  StatusOr<size_t> Decrypt(std::span<char> into);

  // Begins with other requests: nothing of them has been sent.
  void ForgetSent() { encrypted_ = 0; }
  // Sends what the socket takes; true when that was the rest. `sent` grows to all that may have
  // reached the server in a form that it can read: the end of what is being sent, not its part.
  StatusOr<bool> Send(const SendBuffer& requests, size_t* sent);
  // Receives and decrypts what there is. `may_have_more` when it stopped for want of room.
  StatusOr<size_t> ReadAll(std::span<char> into, bool* may_have_more);
  // Whether the server has neither ended the connection nor said anything that nobody asked for.
  bool IsIdle();
  // Tells the server that nothing more will come, if the socket takes it at once.
  void SayFarewell();

 private:
  StatusOr<bool> Flush();
  StatusOr<bool> Receive(std::string_view what);
  Status FailSend(int error);
  Status EncryptSome(const SendBuffer& requests);

  std::unique_ptr<TlsSession> session_;
  const int fd_;
  const std::string peer_;
  size_t encrypted_ = 0;  // of the requests
};

}  // namespace mecha::components
