// SPDX-License-Identifier: Apache-2.0
#include <hiredis/hiredis.h>

#include <array>

#include "redis_scripts.h"
#include "state_blocking/contender.h"
#include "support/redis_server.h"

namespace bench {
namespace {

using mecha::components::state_redis::kSetScript;

// One connection, one thread, the reply as hiredis gives it.
class RedisPeer final : public Contender {
 public:
  RedisPeer(const std::string& host, int port) : connection_(redisConnect(host.c_str(), port)) {
    if (connection_ == nullptr || connection_->err != 0) {
      Fail("hiredis: cannot connect");
    }
    Command(std::array<std::string_view, 3>{"SCRIPT", "LOAD", kSetScript.text}, REDIS_REPLY_STRING);
  }
  RedisPeer(const RedisPeer&) = delete;
  RedisPeer& operator=(const RedisPeer&) = delete;
  ~RedisPeer() override { redisFree(connection_); }

  std::string name() const override { return "hiredis"; }

  size_t Get(const Key& key) override {
    return Command(std::array<std::string_view, 4>{"HMGET", key.stored, "data", "version"},
                   REDIS_REPLY_ARRAY);
  }

  void Set(const Key& key, std::string_view value) override {
    Command(std::array<std::string_view, 8>{"EVALSHA", kSetScript.sha1, "1", key.stored, "a", value,
                                            "", ""},
            REDIS_REPLY_INTEGER);
  }

  // Dapr's layout is a hash for each key, which no MGET reads: so it is a pipeline.
  size_t GetMany(std::span<const Key> keys) override {
    for (const Key& key : keys) {
      Append(std::array<std::string_view, 4>{"HMGET", key.stored, "data", "version"});
    }
    size_t size = 0;
    for (size_t i = 0; i < keys.size(); ++i) {
      redisReply* reply = Next(REDIS_REPLY_ARRAY);
      size += reply->element[0]->len;
      freeReplyObject(reply);
    }
    return size;
  }

  void SetTogether(std::span<const Key> keys, std::string_view value) override {
    Append(std::array<std::string_view, 1>{"MULTI"});
    for (const Key& key : keys) {
      Append(std::array<std::string_view, 4>{"HSET", key.stored, "data", value});
      Append(std::array<std::string_view, 4>{"HINCRBY", key.stored, "version", "1"});
    }
    Append(std::array<std::string_view, 1>{"EXEC"});
    for (size_t i = 0; i < 2 * keys.size() + 1; ++i) {
      freeReplyObject(Next(REDIS_REPLY_STATUS));
    }
    freeReplyObject(Next(REDIS_REPLY_ARRAY));
  }

 private:
  template <size_t kCount>
  void Append(const std::array<std::string_view, kCount>& words) {
    std::array<const char*, kCount> texts;
    std::array<size_t, kCount> sizes;
    for (size_t i = 0; i < kCount; ++i) {
      texts[i] = words[i].data();
      sizes[i] = words[i].size();
    }
    redisAppendCommandArgv(connection_, static_cast<int>(kCount), texts.data(), sizes.data());
  }
  redisReply* Next(int wanted) {
    void* reply = nullptr;
    if (redisGetReply(connection_, &reply) != REDIS_OK ||
        static_cast<redisReply*>(reply)->type != wanted) {
      Fail("hiredis: unexpected reply");
    }
    return static_cast<redisReply*>(reply);
  }
  template <size_t kCount>
  size_t Command(const std::array<std::string_view, kCount>& words, int wanted) {
    std::array<const char*, kCount> texts;
    std::array<size_t, kCount> sizes;
    for (size_t i = 0; i < kCount; ++i) {
      texts[i] = words[i].data();
      sizes[i] = words[i].size();
    }
    auto* reply = static_cast<redisReply*>(
        redisCommandArgv(connection_, static_cast<int>(kCount), texts.data(), sizes.data()));
    if (reply == nullptr || reply->type != wanted) {
      Fail(reply == nullptr ? "hiredis: connection lost" : "hiredis: unexpected reply");
    }
    const size_t size = wanted == REDIS_REPLY_ARRAY ? reply->element[0]->len : 1;
    freeReplyObject(reply);
    return size;
  }

  redisContext* connection_;
};

class TestServer final : public BenchServer {
 public:
  int port() const override { return redis_.port(); }

 private:
  mecha::test::TestRedis redis_;
};

}  // namespace

std::unique_ptr<Contender> MakeRedisPeer(const std::string& host, int port) {
  return std::make_unique<RedisPeer>(host, port);
}

std::unique_ptr<BenchServer> StartRedis() { return std::make_unique<TestServer>(); }

}  // namespace bench
