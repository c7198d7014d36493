// SPDX-License-Identifier: Apache-2.0
// SocketConnection: one socket to a server, with TLS where the options ask for it, used by one call
// at a time. It connects, sends and receives bytes, waiting in the host only; what they mean is a
// subclass's. It never sends anything twice, and after any failure it may only be closed.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "connection/connection_options.h"
#include "connection/sealed_socket.h"
#include "connection/send_buffer.h"
#include "connection/server_connection.h"
#include "contract/host.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha::components {

class SocketConnection : public ServerConnection {
 public:
  // Both outlive the connection.
  SocketConnection(Host& host, const ConnectionOptions& options) : host_(host), options_(options) {}
  ~SocketConnection() override;

  Status Connect(const CallContext& call, const SocketAddress& address);
  // What the protocol wants before the first request.
  virtual Status LogIn(const CallContext& call) = 0;
  bool IsAlive() const override;
  int fd() const { return fd_; }
  bool has_sent_nothing() const { return sent_bytes_ == 0; }
  // Whom it is connected to, in messages.
  std::string Name() const { return peer_.Text(); }

 protected:
  // Sends it whole. After a failure sent_bytes() tells how far it came at most.
  Status SendAll(const CallContext& call, const SendBuffer& requests);
  size_t sent_bytes() const { return sent_bytes_; }
  // Nothing of the next requests has been sent.
  void ForgetSent() {
    sent_bytes_ = 0;
    if (sealed_ != nullptr) {
      sealed_->ForgetSent();
    }
  }
  // Neither waits: sends what the socket takes, true when that was the rest; reads what is there,
  // for which there must be room for SealedSocket::kLeastRoom.
  StatusOr<bool> SendAvailable(const SendBuffer& requests);
  StatusOr<size_t> ReadAvailable(std::span<char> into);
  bool may_have_more() const { return may_have_more_; }
  // Waits for bytes and reads some into `into`; 0 means: look again.
  StatusOr<size_t> Read(const CallContext& call, std::span<char> into);
  Status Fail(Status status);

 private:
  CallContext Step(const CallContext& call, Duration timeout) const;
  Status WaitFor(const CallContext& call, Duration timeout, short events, std::string_view what);
  StatusOr<ssize_t> WaitAndReceive(const CallContext& call, std::span<char> into);
  Status FailWait(const Status& status, bool is_own_limit, Duration timeout, std::string_view what);
  Status MakeBlocking();
  Status Secure(const CallContext& call);
  StatusOr<size_t> ReadSealed(const CallContext& call, std::span<char> into);
  StatusOr<size_t> CheckReceived(ssize_t count, size_t size);
  Status FailReceive(Status status);
  Status SendSome(const SendBuffer& requests);

  Host& host_;
  const ConnectionOptions& options_;
  int fd_ = -1;
  HostAddress peer_;
  std::unique_ptr<SealedSocket> sealed_;  // null without TLS
  bool may_have_more_ = false;            // the last read filled its buffer
  size_t sent_bytes_ = 0;                 // of what SendAll got
};

}  // namespace mecha::components
