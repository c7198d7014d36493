// SPDX-License-Identifier: Apache-2.0
// ServerFinder: says where the server is, for a store whose server moves: it asks others at every
// dial. Not a connection. Safe from any thread; Find waits on the caller's thread, under no lock.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "connection/host_address.h"
#include "contract/call_context.h"
#include "result/status_or.h"

namespace mecha::components {

class ServerFinder {
 public:
  virtual ~ServerFinder() = default;

  // What messages call the server while nobody knows where it is.
  virtual std::string Name() const = 0;
  // Only where the call may block.
  virtual StatusOr<std::vector<SocketAddress>> Find(const CallContext& call) = 0;
  // The server found at `place` took a connection and is the one that was looked for. Returns its
  // number, which is another one after each move.
  virtual uint64_t Confirm(const HostAddress& place) = 0;
  // The one that Find named is not there, or not the one: next time others are asked first.
  virtual void Doubt() = 0;
  // The number of the server that was confirmed last. Never waits; asked before every use.
  virtual uint64_t InUse() = 0;
};

}  // namespace mecha::components
