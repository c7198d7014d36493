// SPDX-License-Identifier: Apache-2.0
// RedisGroup: a master, one replica and sentinels that watch them, all real processes, for tests of
// a failover. The sentinels notice a dead master after half a second. As TestRedis it is no client.
//
// Threads: one thread at a time; as server_process.h says.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/redis_server.h"

namespace mecha::test {

struct RedisGroupOptions {
  size_t sentinels = 1;
  std::string sentinel_password;
  // Further lines of redis.conf for both servers.
  std::vector<std::string> configuration;
  // As RedisServerOptions::tls, for all of them: then they talk to each other with TLS, too.
  std::vector<std::string> tls = {};
};

class RedisGroup {
 public:
  static constexpr const char* kMasterName = "mymaster";

  // Returns when the replica follows the master and each sentinel knows both. Throws
  // std::runtime_error when that does not come.
  explicit RedisGroup(const RedisGroupOptions& options = {});

  // The two servers, in the order of their start; the sentinels decide who is the master.
  TestRedis& server(size_t index) { return *servers_[index]; }
  TestRedis& sentinel(size_t index) { return *sentinels_[index]; }
  size_t sentinel_count() const { return sentinels_.size(); }
  // The sentinels' addresses, as redisHost wants them.
  std::string addresses() const;
  // The server that the first sentinel takes for the master.
  TestRedis& Master();
  TestRedis& Replica() { return &Master() == servers_[0].get() ? *servers_[1] : *servers_[0]; }
  // Makes the replica the master, as an operator does; returns when the sentinels say so.
  void FailOver();
  // Waits until another server than `old` is the master; false after 30 s.
  bool AwaitOtherMaster(const TestRedis& old);

 private:
  std::vector<std::unique_ptr<TestRedis>> servers_;
  std::vector<std::unique_ptr<TestRedis>> sentinels_;
};

}  // namespace mecha::test
