// SPDX-License-Identifier: Apache-2.0
#include "meta_reply_reader.h"

#include <algorithm>
#include <string>
#include <vector>

#include "support/catch.h"

namespace MECHA_COMPONENT {
namespace {

using Progress = MetaReplyReader::Progress;

// Reads `bytes` in pieces of at most `step`; each reply as "line" or "line=value", at last
// "broken".
std::vector<std::string> Read(std::string_view bytes, size_t step,
                              size_t largest = MetaReplyReader::kLargestValue) {
  MetaReplyReader reader(largest);
  std::vector<std::string> replies;
  for (;;) {
    const Progress progress = reader.Next();
    if (progress == Progress::kReply) {
      const MetaReply& reply = reader.reply();
      replies.push_back(reply.line +
                        (reply.has_value ? "=" + std::string(reply.value.view()) : ""));
      continue;
    }
    if (progress == Progress::kBroken) {
      CHECK(reader.error().code() == StatusCode::kDataLoss);
      replies.push_back("broken");
      return replies;
    }
    if (bytes.empty()) {
      return replies;
    }
    const std::span<char> room = reader.Room();
    REQUIRE_FALSE(room.empty());
    const size_t count = std::min({step, room.size(), bytes.size()});
    std::copy_n(bytes.data(), count, room.data());
    reader.Received(count);
    bytes.remove_prefix(count);
  }
}

TEST_CASE("replies come out the same in pieces of any size") {
  const std::string large(200'000, 'x');
  const std::string bytes = "HD c1\r\nVA 5 c7\r\na\r\nbc\r\nEN\r\nVA 0 c2\r\n\r\nVA 200000\r\n" +
                            large + "\r\nNS c0\r\nVA 1 c3\r\nz\r\n";
  const std::vector<std::string> wanted = {
      "HD c1", "VA 5 c7=a\r\nbc", "EN", "VA 0 c2=", "VA 200000=" + large, "NS c0", "VA 1 c3=z"};
  for (const size_t step : {1u, 2u, 3u, 7u, 1000u, 16'384u, 1'000'000u}) {
    INFO(step);
    CHECK((Read(bytes, step) == wanted));
  }
}

TEST_CASE("a number is found by its flag") {
  MetaReply reply;
  reply.line = "VA 3 c17 t-1 Oc9";
  CHECK(reply.code() == "VA");
  CHECK(reply.NumberOf('c') == 17u);
  CHECK_FALSE(reply.NumberOf('t').has_value());
  CHECK_FALSE(reply.NumberOf('x').has_value());
  reply.line = "EN";
  CHECK(reply.code() == "EN");
  CHECK_FALSE(reply.NumberOf('E').has_value());
}

TEST_CASE("what is not memcached's breaks the connection") {
  CHECK(Read("HD\n", 100) == std::vector<std::string>{"broken"});
  CHECK(Read("\n", 100) == std::vector<std::string>{"broken"});
  CHECK(Read("VA\r\n", 100) == std::vector<std::string>{"broken"});
  CHECK(Read("VA x\r\n", 100) == std::vector<std::string>{"broken"});
  CHECK(Read("VA -1\r\n", 100) == std::vector<std::string>{"broken"});
  CHECK(Read("VA 18446744073709551615\r\n", 100) == std::vector<std::string>{"broken"});
  CHECK(Read("VA 2 c1\r\nabc\r\n", 100) == std::vector<std::string>{"broken"});
  CHECK(Read("VA 3 c1\r\nab\r\n\r\n", 100) == std::vector<std::string>{"broken"});
  CHECK(Read(std::string(5000, 'x'), 100) == std::vector<std::string>{"broken"});
}

TEST_CASE("a value over the limit is refused before it comes") {
  CHECK(Read("VA 100\r\n", 100, 99) == std::vector<std::string>{"broken"});
  CHECK(Read("VA 99\r\n", 100, 99).empty());
}

TEST_CASE("bytes nobody asked for are noticed") {
  MetaReplyReader reader;
  const std::string bytes = "HD\r\nHD\r\nVA 5\r\nab";
  std::copy(bytes.begin(), bytes.end(), reader.Room().begin());
  reader.Received(bytes.size());
  REQUIRE(reader.Next() == Progress::kReply);
  CHECK(reader.has_more());
  REQUIRE(reader.Next() == Progress::kReply);
  CHECK(reader.Next() == Progress::kNeedsMore);
  CHECK(reader.has_more());
}

}  // namespace
}  // namespace MECHA_COMPONENT
