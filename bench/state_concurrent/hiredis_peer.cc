// SPDX-License-Identifier: Apache-2.0
#include <hiredis/hiredis.h>

#include <array>
#include <chrono>

#include "state_concurrent/sides.h"

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

class Connection {
 public:
  explicit Connection(int port) : context_(redisConnect("127.0.0.1", port)) {
    if (context_ == nullptr || context_->err != 0) {
      Fail("hiredis: cannot connect");
    }
    for (size_t i = 0; i < kKeys; ++i) {
      keys_.push_back("app||key-" + std::to_string(i));
    }
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { redisFree(context_); }

  void Send(size_t turn) {
    const std::string& key = keys_[KeyAt(turn)];
    std::array<const char*, 4> words{"HMGET", key.data(), "data", "version"};
    const std::array<size_t, 4> sizes{5, key.size(), 4, 7};
    redisAppendCommandArgv(context_, words.size(), words.data(), sizes.data());
  }
  void Receive() {
    void* got = nullptr;
    if (redisGetReply(context_, &got) != REDIS_OK) {
      Fail("hiredis: connection lost");
    }
    auto* reply = static_cast<redisReply*>(got);
    if (reply->type != REDIS_REPLY_ARRAY || reply->element[0]->len != kValueBytes) {
      Fail("hiredis: unexpected reply");
    }
    freeReplyObject(reply);
  }

 private:
  redisContext* context_;
  std::vector<std::string> keys_;
};

}  // namespace

std::function<void(size_t)> MakeHiredisGet(int port) {
  return [connection = std::make_shared<Connection>(port)](size_t turn) {
    connection->Send(turn);
    connection->Receive();
  };
}

Rate GetPipelined(int port, size_t window) {
  Connection connection(port);
  const auto begin = Clock::now();
  size_t done = 0;
  while (Clock::now() - begin < std::chrono::milliseconds(500)) {
    for (size_t i = 0; i < window; ++i) {
      connection.Send(done + i);
    }
    for (size_t i = 0; i < window; ++i) {
      connection.Receive();
    }
    done += window;
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  return {static_cast<double>(done) / seconds, 0, 0, 0};
}

}  // namespace bench
