// SPDX-License-Identifier: Apache-2.0
#include "redis/redis_reply_reader.h"

#include <hiredis/read.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>

#include "result/status.h"

namespace mecha::components {
namespace {

// The longest "<length>\r\n" of a value.
constexpr size_t kLongestLength = 32;

// The task being read, in both layouts of the reader: an array (0.14) or pointers (1.0 and later).
template <class Reader>
int CurrentType(const Reader& reader) {
  if (reader.ridx < 0) {
    return -1;
  }
  if constexpr (requires { reader.rstack; }) {
    return reader.rstack[reader.ridx].type;
  } else {
    return reader.task[reader.ridx]->type;
  }
}

void SetText(Reply& reply, std::string_view text) {
  reply.type = Reply::Type::kText;
  if (text.size() <= Reply::kLongestLine) {
    reply.line = text;
  } else {
    reply.bulk = Buffer::CopyOf(text);
  }
}

// Reads short replies out of bytes that hold them whole. Whatever is not exactly as Redis writes it
// is not taken: hiredis then says what is wrong with it.
class WholeReply {
 public:
  explicit WholeReply(std::string_view bytes) : bytes_(bytes) {}

  // How long it was, or 0.
  size_t Take(Reply& root) {
    const bool is_whole = TakeArray(root) || TakePart(root);
    return is_whole ? at_ : 0;
  }

 private:
  static constexpr int64_t kMostItems = 16;

  // An array of parts that are no arrays.
  bool TakeArray(Reply& root) {
    int64_t count = 0;
    if (!TakeNumber('*', &count) || count < 0 || count > kMostItems) {
      at_ = 0;
      return false;
    }
    root.type = Reply::Type::kArray;
    for (int64_t i = 0; i < count; ++i) {
      if (!TakePart(root.items.emplace_back())) {
        return false;
      }
    }
    return true;
  }

  // A text, a number or nil.
  bool TakePart(Reply& part) {
    int64_t number = 0;
    if (TakeNumber(':', &number)) {
      part.type = Reply::Type::kInteger;
      part.integer = number;
      return true;
    }
    if (!TakeNumber('$', &number) || number < -1) {
      return false;
    }
    if (number == -1) {
      return true;
    }
    const auto size = static_cast<size_t>(number);
    if (bytes_.size() - at_ < size + 2 || bytes_.substr(at_ + size, 2) != "\r\n") {
      return false;
    }
    SetText(part, bytes_.substr(at_, size));
    at_ += size + 2;
    return true;
  }

  // A line of `type` and a number without needless digits; -1 is the only negative one.
  bool TakeNumber(char type, int64_t* number) {
    constexpr size_t kMostDigits = 9;
    if (at_ >= bytes_.size() || bytes_[at_] != type) {
      return false;
    }
    const std::string_view rest = bytes_.substr(at_ + 1, kMostDigits + 3);
    if (rest.starts_with("-1\r\n")) {
      *number = -1;
      at_ += 5;
      return true;
    }
    size_t digits = 0;
    int64_t value = 0;
    while (digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9') {
      value = value * 10 + (rest[digits++] - '0');
    }
    if (digits == 0 || digits > kMostDigits || rest.substr(digits, 2) != "\r\n") {
      return false;
    }
    *number = value;
    at_ += 1 + digits + 2;
    return true;
  }

  const std::string_view bytes_;
  size_t at_ = 0;
};

Reply::Type TypeOf(int type) {
  switch (type) {
    case REDIS_REPLY_STATUS:
      return Reply::Type::kStatus;
    case REDIS_REPLY_ERROR:
      return Reply::Type::kError;
    default:
      return Reply::Type::kText;
  }
}

}  // namespace

// What hiredis calls for each part. Parts arrive in order, and a nested array is complete before
// its parent gets its next part, so the pointer to it stays valid although `items` grows.
struct ReplyBuilder {
  static ReplyReader* Of(const redisReadTask* task) {
    return static_cast<ReplyReader*>(task->privdata);
  }

  static void* CreateString(const redisReadTask* task, char* bytes, size_t size) {
    ReplyReader* reader = Of(task);
    reader->bytes_ += size;
    Reply* reply = reader->Place(task);
    if (reply == nullptr) {
      return nullptr;
    }
    reply->type = TypeOf(task->type);
    const std::string_view text(bytes, size);
    if (reply->type == Reply::Type::kText) {
      SetText(*reply, text);
    } else {
      reply->line = text;
    }
    return reply;
  }

  // `Size` is int in hiredis 0.14 and size_t later.
  template <class Size>
  static void* CreateArray(const redisReadTask* task, Size size) {
    ReplyReader* reader = Of(task);
    int depth = 1;
    for (const redisReadTask* parent = task->parent; parent != nullptr; parent = parent->parent) {
      ++depth;
    }
    if (depth > reader->limits_.depth || static_cast<size_t>(size) > reader->limits_.items) {
      reader->refusal_ = "an array too long or too deep";
      return nullptr;
    }
    Reply* reply = reader->Place(task);
    if (reply != nullptr) {
      reply->type = Reply::Type::kArray;
      // The announced size is only a promise: memory grows with what really arrives.
      constexpr size_t kReserved = 128;
      reply->items.reserve(std::min(static_cast<size_t>(size), kReserved));
    }
    return reply;
  }

  static void* CreateInteger(const redisReadTask* task, long long value) {
    Reply* reply = Of(task)->Place(task);
    if (reply != nullptr) {
      reply->type = Reply::Type::kInteger;
      reply->integer = value;
    }
    return reply;
  }

  static void* CreateNil(const redisReadTask* task) { return Of(task)->Place(task); }

  // The tree belongs to the reader, which resets it with the next reply.
  static void FreeObject(void*) {}
};

ReplyReader::ReplyReader(const ReplyLimits& limits) : limits_(limits) {
  // hiredis keeps the pointer and never writes through it.
  static constinit redisReplyObjectFunctions functions = [] {
    redisReplyObjectFunctions made{};
    made.createString = &ReplyBuilder::CreateString;
    made.createArray = &ReplyBuilder::CreateArray;
    made.createInteger = &ReplyBuilder::CreateInteger;
    made.createNil = &ReplyBuilder::CreateNil;
    made.freeObject = &ReplyBuilder::FreeObject;
    return made;
  }();
  reader_ = redisReaderCreateWithFunctions(&functions);
  if (reader_ == nullptr) {
    error_ = Status(StatusCode::kNoMemory, "no memory for reading replies");
    return;
  }
  reader_->privdata = this;
}

ReplyReader::~ReplyReader() {
  if (reader_ != nullptr) {
    redisReaderFree(reader_);
  }
}

Reply* ReplyReader::Place(const redisReadTask* task) {
  if (++items_ > limits_.items || bytes_ > limits_.bytes) {
    refusal_ = "a reply too large";
    return nullptr;
  }
  if (task->parent == nullptr) {
    return &root_;
  }
  return &static_cast<Reply*>(task->parent->obj)->items.emplace_back();
}

void ReplyReader::Feed(std::string_view bytes) {
  if (error_.ok() && redisReaderFeed(reader_, bytes.data(), bytes.size()) != REDIS_OK) {
    Break(reader_->errstr);
  }
}

size_t ReplyReader::TakeWhole(std::string_view bytes) {
  root_.Reset();
  missing_bytes_ = 0;
  // It has no more parts than bytes.
  const size_t taken =
      bytes.size() <= std::min(limits_.bytes, limits_.items) ? WholeReply(bytes).Take(root_) : 0;
  if (taken == 0) {
    root_.Reset();
  }
  return taken;
}

ReplyReader::Progress ReplyReader::Next() {
  if (!error_.ok()) {
    return Progress::kBroken;
  }
  if (is_empty()) {
    return Progress::kNeedsMore;
  }
  if (is_fresh_) {
    root_.Reset();
    items_ = 0;
    bytes_ = 0;
    is_fresh_ = false;
  }
  missing_bytes_ = 0;
  void* reply = nullptr;
  if (redisReaderGetReply(reader_, &reply) != REDIS_OK) {
    return Break(refusal_.empty() ? std::string_view(reader_->errstr) : refusal_);
  }
  if (reply != nullptr) {
    is_fresh_ = true;
    return Progress::kReply;
  }
  return CheckPending() ? Progress::kNeedsMore : Progress::kBroken;
}

// Looks at the part that has begun and not ended, which hiredis would buffer without a limit.
bool ReplyReader::CheckPending() {
  const std::string_view pending(reader_->buf + reader_->pos, reader_->len - reader_->pos);
  const int type = CurrentType(*reader_);
  if (type != REDIS_REPLY_STRING) {
    if (pending.size() > limits_.line_bytes) {
      Break("a line too long");
    }
    return error_.ok();
  }
  const size_t end = pending.substr(0, kLongestLength).find("\r\n");
  if (end == pending.npos) {
    if (pending.size() > kLongestLength) {
      Break("a length too long");
    }
    return error_.ok();
  }
  size_t length = 0;
  const auto parsed = std::from_chars(pending.data(), pending.data() + end, length);
  if (parsed.ec != std::errc() || length > limits_.bytes - std::min(bytes_, limits_.bytes)) {
    Break("a value longer than the limit");
    return false;
  }
  const size_t whole = end + 2 + length + 2;
  missing_bytes_ = whole > pending.size() ? whole - pending.size() : 0;
  return true;
}

bool ReplyReader::has_more() const { return error_.ok() && reader_->len != reader_->pos; }

ReplyReader::Progress ReplyReader::Break(std::string_view why) {
  std::string message = "the reply is not what Redis sends: ";
  message += why;
  error_ = Status(StatusCode::kDataLoss, message);
  return Progress::kBroken;
}

}  // namespace mecha::components
