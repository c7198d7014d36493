// SPDX-License-Identifier: Apache-2.0
// ReplyReader: turns received bytes into replies, in pieces of any size. hiredis parses what is not
// there as a whole; the limits
// here stop a broken or hostile server before memory is taken for what it announces. It does no
// input or output. One thread at a time.
#pragma once

#include <cstddef>
#include <string_view>

#include "redis/redis_reply.h"
#include "result/status.h"

struct redisReader;
struct redisReadTask;

namespace mecha::components {

struct ReplyLimits {
  // All bytes of one reply: the largest value (64 MB) and what surrounds it.
  size_t bytes = (64 + 1) * 1024 * 1024;
  // All parts of one reply, nested ones included.
  size_t items = 1024 * 1024;
  // A status, an error or a number.
  size_t line_bytes = 64 * 1024;
  int depth = 6;
};

class ReplyReader {
 public:
  enum class Progress : uint8_t { kReply, kNeedsMore, kBroken };

  explicit ReplyReader(const ReplyLimits& limits = {});
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;
  ~ReplyReader();

  void Feed(std::string_view bytes);
  // Reads the reply that `bytes` begin with, without a copy of them, when it is there as a whole
  // and of a simple kind; then reply() is it. How long it was; 0: feed them. Where is_empty only.
  size_t TakeWhole(std::string_view bytes);
  // Nothing has been fed that was not given as a reply.
  bool is_empty() const { return is_fresh_ && error_.ok() && !has_more(); }
  // kReply: reply() is the next one. kBroken: error() says why, and the connection is of no use.
  Progress Next();
  Reply& reply() { return root_; }
  const Status& error() const { return error_; }

  // How many bytes the value being received still lacks, as far as that is known; else 0.
  size_t missing_bytes() const { return missing_bytes_; }
  // True when bytes beyond the last reply have arrived: nobody asked for them.
  bool has_more() const;

 private:
  friend struct ReplyBuilder;

  Reply* Place(const redisReadTask* task);
  bool CheckPending();
  Progress Break(std::string_view why);

  const ReplyLimits limits_;
  redisReader* reader_;
  Reply root_;
  Status error_;
  std::string_view refusal_;  // why a part was refused, for the error that follows
  size_t items_ = 0;          // of the reply being read
  size_t bytes_ = 0;
  size_t missing_bytes_ = 0;
  bool is_fresh_ = true;  // the next part starts a reply
};

}  // namespace mecha::components
