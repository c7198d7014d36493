// SPDX-License-Identifier: Apache-2.0
#include "pubsub_redis/stream_peer.h"

#include <hiredis/hiredis.h>

#include "support/messages.h"

namespace bench {
namespace {

constexpr std::string_view kTopic = "peer";
constexpr std::string_view kGroup = "app";

}  // namespace

StreamPeer::StreamPeer(int port) : context_(redisConnect("127.0.0.1", port)) {
  if (context_ == nullptr || context_->err != 0) {
    Fail("hiredis: cannot connect");
  }
  Append({"XGROUP", "CREATE", kTopic, kGroup, "0", "MKSTREAM"});
  freeReplyObject(Receive());
}

StreamPeer::~StreamPeer() { redisFree(context_); }

void StreamPeer::Round(std::string_view data, size_t count) {
  const bool acknowledges = !handled_.empty();
  if (acknowledges) {
    std::vector<std::string_view> words{"XACK", kTopic, kGroup};
    words.insert(words.end(), handled_.begin(), handled_.end());
    Append(words);
  }
  for (size_t i = 0; i < count; ++i) {
    Append({"XADD", kTopic, "MAXLEN", "~", "10000", "*", "data", data});
  }
  Append({"XREADGROUP", "GROUP", kGroup, "one", "COUNT", std::to_string(count), "STREAMS", kTopic,
          ">"});
  for (size_t i = 0; i < count + (acknowledges ? 1 : 0); ++i) {
    freeReplyObject(Receive());
  }
  redisReply* reply = Receive();
  if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 1) {
    Fail("hiredis: no entries");
  }
  TakeIds(*reply->element[0]->element[1], count, data.size());
  freeReplyObject(reply);
}

// The data is copied out as any application would.
void StreamPeer::TakeIds(const redisReply& entries, size_t count, size_t bytes) {
  if (entries.elements != count) {
    Fail("hiredis: not all entries came");
  }
  handled_.resize(count);
  for (size_t i = 0; i < count; ++i) {
    const redisReply& entry = *entries.element[i];
    handled_[i].assign(entry.element[0]->str, entry.element[0]->len);
    const redisReply& data = *entry.element[1]->element[1];
    copy_.assign(data.str, data.len);
    if (copy_.size() != bytes) {
      Fail("hiredis: unexpected entry");
    }
  }
}

void StreamPeer::Append(const std::vector<std::string_view>& words) {
  std::vector<const char*> texts;
  std::vector<size_t> sizes;
  for (const std::string_view word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  redisAppendCommandArgv(context_, static_cast<int>(texts.size()), texts.data(), sizes.data());
}

redisReply* StreamPeer::Receive() {
  void* reply = nullptr;
  if (redisGetReply(context_, &reply) != REDIS_OK) {
    Fail("hiredis: connection lost");
  }
  auto* got = static_cast<redisReply*>(reply);
  if (got->type == REDIS_REPLY_ERROR) {
    Fail(std::string_view(got->str, got->len));
  }
  return got;
}

}  // namespace bench
