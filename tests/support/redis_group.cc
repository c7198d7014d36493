// SPDX-License-Identifier: Apache-2.0
#include "support/redis_group.h"

#include <unistd.h>

#include <chrono>
#include <functional>
#include <stdexcept>

namespace mecha::test {
namespace {

bool ComesTrue(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (std::chrono::steady_clock::now() < end) {
    if (holds()) {
      return true;
    }
    usleep(5000);
  }
  return false;
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// The port under which the others of its group know it.
uint16_t PortOf(const TestRedis& redis) {
  return redis.tls_port() != 0 ? redis.tls_port() : redis.port();
}

RedisServerOptions SentinelOptions(const RedisGroupOptions& options, uint16_t master_port) {
  const std::string name = RedisGroup::kMasterName;
  RedisServerOptions sentinel;
  sentinel.password = options.sentinel_password;
  sentinel.is_sentinel = true;
  sentinel.configuration = {"sentinel monitor " + name + " 127.0.0.1 " +
                                std::to_string(master_port) + " " +
                                std::to_string(options.sentinels / 2 + 1),
                            "sentinel down-after-milliseconds " + name + " 500",
                            "sentinel failover-timeout " + name + " 3000"};
  sentinel.tls = options.tls;
  if (!options.tls.empty()) {
    sentinel.configuration.emplace_back("tls-replication yes");
  }
  if (!options.sentinel_password.empty()) {
    sentinel.configuration.push_back("sentinel sentinel-pass " + options.sentinel_password);
  }
  return sentinel;
}

}  // namespace

RedisGroup::RedisGroup(const RedisGroupOptions& options) {
  std::vector<std::string> lines = options.configuration;
  lines.emplace_back("repl-diskless-sync-delay 0");  // else the replica starts after 5 s
  if (!options.tls.empty()) {
    lines.emplace_back("tls-replication yes");
  }
  const auto add = [&] {
    servers_.push_back(std::make_unique<TestRedis>(
        RedisServerOptions{.configuration = lines, .tls = options.tls}));
  };
  add();
  lines.push_back("replicaof 127.0.0.1 " + std::to_string(PortOf(*servers_[0])));
  add();
  // A sentinel learns of replicas from its first question to the master, and else 10 s later.
  if (!ComesTrue([&] {
        return Contains(servers_[0]->Command({"INFO", "replication"}), "state=online");
      })) {
    throw std::runtime_error("RedisGroup: the replica does not follow the master");
  }
  for (size_t i = 0; i < options.sentinels; ++i) {
    sentinels_.push_back(
        std::make_unique<TestRedis>(SentinelOptions(options, PortOf(*servers_[0]))));
  }
  const std::string others = "sentinels=" + std::to_string(options.sentinels);
  for (const auto& sentinel : sentinels_) {
    if (!ComesTrue([&] {
          const std::string known = sentinel->Command({"INFO", "sentinel"});
          return Contains(known, "slaves=1") && Contains(known, others);
        })) {
      throw std::runtime_error("RedisGroup: a sentinel does not find the others");
    }
  }
}

std::string RedisGroup::addresses() const {
  std::string text;
  for (const auto& sentinel : sentinels_) {
    text += (text.empty() ? "127.0.0.1:" : ",127.0.0.1:") + std::to_string(PortOf(*sentinel));
  }
  return text;
}

TestRedis& RedisGroup::Master() {
  const std::string reply =
      sentinels_[0]->Command({"SENTINEL", "get-master-addr-by-name", kMasterName});
  return *servers_[Contains(reply, "\r\n" + std::to_string(PortOf(*servers_[1])) + "\r\n") ? 1 : 0];
}

bool RedisGroup::AwaitOtherMaster(const TestRedis& old) {
  return ComesTrue([&] { return &Master() != &old; });
}

void RedisGroup::FailOver() {
  const TestRedis& old = Master();
  // Refused while one is under way.
  if (!ComesTrue([&] {
        return sentinels_[0]->Command({"SENTINEL", "failover", kMasterName}) == "+OK\r\n";
      }) ||
      !AwaitOtherMaster(old)) {
    throw std::runtime_error("RedisGroup: the sentinels do not fail over");
  }
}

}  // namespace mecha::test
