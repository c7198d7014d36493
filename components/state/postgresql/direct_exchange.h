// SPDX-License-Identifier: Apache-2.0
// DirectExchange: one execution of a prepared statement over the socket of a libpq session, past
// libpq: the messages that libpq would send, in one system call to send and one to wait and
// receive. For a session without TLS that nothing is under way on. It never sends anything twice;
// after a failure the session may only be closed. One thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "contract/host.h"
#include "direct_reply.h"
#include "parameters.h"
#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

class DirectExchange {
 public:
  explicit DirectExchange(Host& host) : host_(host) {}

  // Whether they are short enough to be copied once more.
  static bool Fits(const Parameters& parameters);

  // The reply, errors of the server included. `server` is how messages call it.
  StatusOr<DirectReply> Run(const CallContext& call, std::string_view statement,
                            const Parameters& parameters);

  // Whose socket it is. Before Run, and again after Yield; the socket is in blocking mode then.
  Status Take(int fd, const std::string& server);
  // Gives the socket back to libpq, which wants it not to block.
  Status Yield();

 private:
  Status SetBlocking(bool is_blocking);
  void Encode(std::string_view statement, const Parameters& parameters);
  Status Send(const CallContext& call);
  Status Receive(const CallContext& call, DirectReply& reply);
  StatusOr<ssize_t> ReceiveSome(const CallContext& call, std::span<char> room);
  Status WaitFor(const CallContext& call, short events, std::string_view what);
  std::string Words(std::string_view what) const { return std::string(what) + " " + server_; }

  Host& host_;
  int fd_ = -1;
  bool is_blocking_ = false;
  std::string server_;
  std::unique_ptr<char[]> request_;
  size_t capacity_ = 0;
  size_t size_ = 0;        // of the request
  size_t last_bytes_ = 0;  // of the last reply
};

}  // namespace MECHA_COMPONENT
