// SPDX-License-Identifier: Apache-2.0
// RedisAccess: every way of one component to its server, one node or the master that sentinels
// name. An operation that may block has a connection of its own from the pool while there are few,
// and shares a line in a crowd; one that may not block goes over the channel. It knows no
// operation. It starts no thread and never resends.
//
// Open, Suspend, Resume and Close: one thread, while nothing else runs. The rest from any thread.
#pragma once

#include <array>
#include <atomic>
#include <memory>

#include "connection/connection_pool.h"
#include "contract/host.h"
#include "contract/settings.h"
#include "redis/redis_channel.h"
#include "redis/redis_line.h"
#include "redis/redis_options.h"
#include "redis/redis_sentinels.h"
#include "result/status.h"

namespace mecha::components {

class RedisAccess {
 public:
  RedisAccess() = default;
  RedisAccess(const RedisAccess&) = delete;
  RedisAccess& operator=(const RedisAccess&) = delete;
  ~RedisAccess() { Close(); }

  // Reads the settings and shows that the server answers. After an error it is closed.
  Status Open(const CallContext& call, const Settings& settings, Host& host);
  Status Ping(const CallContext& call);
  void Suspend(bool keep_connections);
  // Connections come back with the first operation that needs one.
  void Resume();
  void Close();

  // While it is open.
  const RedisOptions& options() const { return options_; }
  ConnectionPool& pool() { return *pool_; }
  RedisChannel& channel() { return *channel_; }
  // For whoever may have a request under way when it closes.
  std::shared_ptr<RedisChannel> shared_channel() { return channel_; }
  RedisLine& NextLine();

  // One blocking caller inside, for as long as it lives.
  class Caller {
   public:
    explicit Caller(RedisAccess& access) : access_(access), before_(access.callers_.fetch_add(1)) {}
    ~Caller() { access_.callers_.fetch_sub(1); }
    Caller(const Caller&) = delete;
    Caller& operator=(const Caller&) = delete;
    bool is_in_crowd() const { return before_ >= kOwnConnections; }

   private:
    RedisAccess& access_;
    const size_t before_;
  };

 private:
  // So many callers at once have a connection each; a crowd shares lines, which costs each of them
  // more but all of them much less. Measured: docs/benchmarks.md, state_concurrent.
  static constexpr size_t kOwnConnections = 16;

  RedisOptions options_;
  std::shared_ptr<RedisSentinels> sentinels_;  // with failover
  std::unique_ptr<ConnectionPool> pool_;
  std::shared_ptr<RedisChannel> channel_;
  std::array<std::unique_ptr<RedisLine>, 2> lines_;  // two keep a server busy, one does not
  std::atomic<size_t> callers_{0};
  std::atomic<size_t> next_line_{0};
};

}  // namespace mecha::components
