// SPDX-License-Identifier: Apache-2.0
// StreamPeer: the peer of pubsub_redis: hiredis on one connection, pipelined by hand. It renews no
// leases, takes nothing over and mends no connection. One thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

struct redisContext;
struct redisReply;

namespace bench {

class StreamPeer {
 public:
  explicit StreamPeer(int port);
  StreamPeer(const StreamPeer&) = delete;
  StreamPeer& operator=(const StreamPeer&) = delete;
  ~StreamPeer();

  // Publishes `count` messages, reads them in one XREADGROUP and acknowledges them with the next
  // round. Two trips to the server.
  void Round(std::string_view data, size_t count);

 private:
  void Append(const std::vector<std::string_view>& words);
  redisReply* Receive();
  void TakeIds(const redisReply& entries, size_t count, size_t bytes);

  redisContext* context_;
  std::vector<std::string> handled_;
  std::string copy_;
};

}  // namespace bench
