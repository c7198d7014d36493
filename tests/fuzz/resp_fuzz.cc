// SPDX-License-Identifier: Apache-2.0
// Feeds the reader of Redis replies with what a broken or hostile server might send, in pieces
// whose size the first byte chooses. What is checked: nothing crashes, the limits hold, and pieces
// never make more replies than the whole. Without the component, a no-op.
#if __has_include("redis_list_position.h")
#include <cstdint>
#include <cstdlib>
#include <string_view>

#undef MECHA_COMPONENT
#define MECHA_COMPONENT mecha::components::state_redis
#include "redis/redis_reply_reader.h"
#include "redis_list_position.h"

namespace {

using mecha::components::Reply;
using mecha::components::ReplyLimits;
using mecha::components::ReplyReader;
using mecha::components::state_redis::ParsePosition;

constexpr ReplyLimits kLimits{.bytes = 4096, .items = 256, .line_bytes = 512, .depth = 3};

void Demand(bool condition) {
  if (!condition) {
    std::abort();
  }
}

struct Size {
  size_t items = 0;
  size_t bytes = 0;
};

void Measure(const Reply& reply, int depth, Size* size) {
  Demand(depth <= kLimits.depth + 1);
  ++size->items;
  size->bytes += reply.text().size();
  for (const Reply& item : reply.items) {
    Measure(item, depth + 1, size);
  }
}

// How many replies come before the end or the first error.
size_t CountReplies(std::string_view bytes, size_t step) {
  ReplyReader reader(kLimits);
  size_t count = 0;
  for (size_t i = 0; i < bytes.size(); i += step) {
    reader.Feed(bytes.substr(i, step));
    auto progress = reader.Next();
    for (; progress == ReplyReader::Progress::kReply; progress = reader.Next()) {
      Size size;
      Measure(reader.reply(), 1, &size);
      Demand(size.items <= kLimits.items && size.bytes <= kLimits.bytes);
      ++count;
    }
    if (progress == ReplyReader::Progress::kBroken) {
      Demand(!reader.error().ok());
      break;
    }
  }
  return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t whole = CountReplies(bytes, bytes.size() + 1);
  // Limits on what is incomplete may end the pieces earlier, never later.
  Demand(CountReplies(bytes, size_t{data[0]} + 1) <= whole);
  const auto position = ParsePosition(bytes, "");
  Demand(!position.ok() || ParsePosition(position->Text(), "").ok());
  return 0;
}
#else
extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }
#endif
