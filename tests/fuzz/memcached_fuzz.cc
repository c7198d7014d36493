// SPDX-License-Identifier: Apache-2.0
// Feeds the reader of memcached's replies with what a broken or hostile server might send, in
// pieces whose size the first byte chooses. What is checked: nothing crashes, the limits hold, and
// pieces make the same replies as the whole. Without the component, a no-op.
#if __has_include("meta_reply_reader.h")
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#undef MECHA_COMPONENT
#define MECHA_COMPONENT mecha::components::state_memcached
#include "memcached_etag.h"
#include "meta_reply_reader.h"

namespace {

using mecha::components::state_memcached::MakeEtag;
using mecha::components::state_memcached::MetaReply;
using mecha::components::state_memcached::MetaReplyReader;
using mecha::components::state_memcached::ParseEtag;

constexpr size_t kLargestValue = 40'000;

void Demand(bool condition) {
  if (!condition) {
    std::abort();
  }
}

// All replies before the end or the first error, one after the other.
std::string Replies(std::string_view bytes, size_t step) {
  MetaReplyReader reader(kLargestValue);
  std::string replies;
  for (;;) {
    auto progress = reader.Next();
    for (; progress == MetaReplyReader::Progress::kReply; progress = reader.Next()) {
      const MetaReply& reply = reader.reply();
      Demand(reply.line.size() <= MetaReplyReader::kLongestLine);
      Demand(reply.value.size() <= kLargestValue);
      Demand(reply.has_value == (reply.code() == "VA"));
      replies += reply.line;
      replies += std::to_string(reply.NumberOf('c').value_or(0)) + "\n";
      replies += reply.value.view();
    }
    if (progress == MetaReplyReader::Progress::kBroken) {
      Demand(!reader.error().ok());
      return replies + "\nbroken";
    }
    if (bytes.empty()) {
      return replies;
    }
    const std::span<char> room = reader.Room();
    Demand(!room.empty());
    const size_t count = std::min({step, room.size(), bytes.size()});
    std::copy_n(bytes.data(), count, room.data());
    reader.Received(count);
    bytes.remove_prefix(count);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  Demand(Replies(bytes, size_t{data[0]} + 1) == Replies(bytes, bytes.size() + 1));
  const auto version = ParseEtag(bytes);
  Demand(!version.ok() || MakeEtag(*version).view() == bytes);
  return 0;
}
#else
extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }
#endif
