// SPDX-License-Identifier: Apache-2.0
// The two sides of state_concurrent: Mecha's C interface, and hiredis sending the same commands.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/throughput.h"

namespace bench {

inline constexpr size_t kKeys = 1000;
inline constexpr size_t kValueBytes = 1024;

inline size_t KeyAt(size_t turn) { return turn * 619 % kKeys; }

[[noreturn]] void Fail(std::string_view what);

// A runtime with one state.redis, for application "app".
class MechaRedis {
 public:
  // `more` is further metadata: lines of YAML.
  explicit MechaRedis(int port, const std::string& more = {});
  ~MechaRedis();
  MechaRedis(const MechaRedis&) = delete;
  MechaRedis& operator=(const MechaRedis&) = delete;

  void Set(size_t key, std::string_view value) const;
  void Get(size_t turn) const;
  // Keeps `window` gets in flight on a poll queue for half a second.
  Rate GetOnQueue(size_t window) const;

 private:
  struct Opened;
  std::unique_ptr<Opened> opened_;
};

// One connection that reads, by itself, the keys MechaRedis wrote.
std::function<void(size_t)> MakeHiredisGet(int port);
// Sends `window` gets by hand, then reads their replies, for half a second.
Rate GetPipelined(int port, size_t window);

}  // namespace bench
