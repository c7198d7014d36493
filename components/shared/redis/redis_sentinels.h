// SPDX-License-Identifier: Apache-2.0
// RedisSentinels: asks the sentinels where the master is, one after the other; the one that knew
// comes first next time. While the store is in use it asks once a second on a pool thread, because
// a master that was replaced without need goes on taking writes for a while. It keeps no
// connection and is no judge: whether a server is the master it is asked itself (ROLE).
//
// Safe from any thread; it waits on the caller's thread, under no lock. A check under way holds it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "connection/dialer.h"
#include "connection/server_finder.h"
#include "contract/host.h"
#include "redis/redis_options.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha::components {

class RedisSentinels final : public ServerFinder,
                             public std::enable_shared_from_this<RedisSentinels> {
 public:
  // So much of the time may pass, while the store is in use, between two questions.
  static constexpr Duration kAskedEvery = std::chrono::seconds(1);

  // `host` outlives it. `options` name the sentinels.
  RedisSentinels(Host& host, const RedisOptions& options);
  ~RedisSentinels() override;

  std::string Name() const override;
  StatusOr<std::vector<SocketAddress>> Find(const CallContext& call) override;
  uint64_t Confirm(const HostAddress& place) override;
  void Doubt() override;
  uint64_t InUse() override;

  // Ends a check under way and waits for it, takes one out that no thread has begun; a later use
  // begins another one.
  void Stop();
  void ForgetFailures();

 private:
  // One of those to be asked, and how it is reached.
  struct Sentinel {
    Sentinel(Host& host, RedisOptions its_options);
    RedisOptions options;
    Dialer dialer;
  };
  using Sentinels = std::vector<std::shared_ptr<Sentinel>>;

  StatusOr<HostAddress> Ask(const CallContext& call, Sentinel& sentinel) const;
  void Prefer(const std::shared_ptr<Sentinel>& sentinel);
  void BeginCheck();
  void Check(const std::shared_ptr<Waiter>& waiter);
  Status CheckMaster(const CallContext& call);

  Host& host_;
  RedisOptions options_;  // of connections to the master
  std::atomic<uint64_t> number_{0};
  std::atomic<int64_t> ask_at_{0};  // when a use begins the next check, in ticks of the clock
  std::mutex mutex_;
  std::condition_variable has_checked_;
  Sentinels sentinels_;               // in the order of asking
  HostAddress place_;                 // of the master that was confirmed last
  std::shared_ptr<Waiter> checking_;  // the check that was posted, or runs
  bool has_begun_ = false;            // it runs
};

}  // namespace mecha::components
