// SPDX-License-Identifier: Apache-2.0
#include "pubsub/message_ids.h"

#include <cstring>

namespace mecha {
namespace {

// The finisher of SplitMix64: each bit of the input changes each bit of the output.
uint64_t Mixed(uint64_t bits) {
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
  return bits ^ (bits >> 31);
}

}  // namespace

void MessageIds::Reseed() {
  host_.Random({reinterpret_cast<unsigned char*>(seed_.data()), sizeof seed_});
}

MessageIds::Id MessageIds::Next(WallTime now) {
  const uint64_t count = count_.fetch_add(1, std::memory_order_relaxed);
  const auto time = static_cast<uint64_t>(now.time_since_epoch().count());
  const uint64_t halves[] = {Mixed(seed_[0] ^ Mixed(seed_[1] + count)),
                             Mixed(seed_[2] ^ Mixed(seed_[3] + count) ^ time)};
  Id id;
  static_assert(sizeof halves == sizeof id);
  std::memcpy(id.data(), halves, sizeof halves);
  return id;
}

}  // namespace mecha
