// SPDX-License-Identifier: Apache-2.0
// ServerConnection: a connection to a server as the pool sees it, used by one call at a time. What
// it is made of is a subclass's: a socket (socket_connection.h) or a library's handle. After any
// failure it may only be closed.
#pragma once

#include <cstdint>

#include "call/clock.h"

namespace mecha::components {

class ServerConnection {
 public:
  ServerConnection() = default;
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;
  virtual ~ServerConnection() = default;

  // Fit for another call: no failure, and no reply that is still to come.
  virtual bool is_reusable() const = 0;
  void MarkBroken() { is_broken_ = true; }
  // Asks the system, without waiting, whether the server has closed an idle connection.
  virtual bool IsAlive() const = 0;

  // What the pool remembers of this connection.
  SteadyTime opened_at{};
  SteadyTime used_at{};  // when its last use began
  uint64_t generation = 0;
  uint64_t server = 0;  // its number, where a finder looks for it

 protected:
  bool is_broken() const { return is_broken_; }

 private:
  bool is_broken_ = false;
};

}  // namespace mecha::components
