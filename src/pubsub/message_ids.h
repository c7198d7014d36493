// SPDX-License-Identifier: Apache-2.0
// MessageIds: random numbers that become ids of messages. As unlikely to come twice as the host's
// own random numbers, from which it starts, at a hundredth of their price; but not secret. Safe
// from any thread, Reseed excepted.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "call/clock.h"
#include "contract/host.h"

namespace mecha {

class MessageIds {
 public:
  using Id = std::array<unsigned char, 16>;

  explicit MessageIds(Host& host) : host_(host) { Reseed(); }

  // While nobody asks for one: after a suspend this process may be one of two copies.
  void Reseed();
  // `now` tells two copies of this process apart that nobody announced.
  Id Next(WallTime now);

 private:
  Host& host_;
  std::array<uint64_t, 4> seed_{};
  std::atomic<uint64_t> count_{0};
};

}  // namespace mecha
