// SPDX-License-Identifier: Apache-2.0
#include "redis/redis_reply_reader.h"

#include <string>

#include "result/status.h"
#include "support/catch.h"

namespace mecha::components {
namespace {

using Progress = ReplyReader::Progress;

std::string Text(const Reply& reply) {
  switch (reply.type) {
    case Reply::Type::kNil:
      return "nil";
    case Reply::Type::kStatus:
      return "+" + std::string(reply.text());
    case Reply::Type::kError:
      return "-" + std::string(reply.text());
    case Reply::Type::kText:
      return "'" + std::string(reply.text()) + "'";
    case Reply::Type::kInteger:
      return std::to_string(reply.integer);
    case Reply::Type::kArray:
      break;
  }
  std::string text = "[";
  for (const Reply& item : reply.items) {
    text += Text(item) + " ";
  }
  return text + "]";
}

// Every reply in `bytes`, fed in pieces of `step` bytes.
std::string ReadAll(std::string_view bytes, size_t step, const ReplyLimits& limits = {}) {
  ReplyReader reader(limits);
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += step) {
    reader.Feed(bytes.substr(i, step));
    for (Progress progress = reader.Next(); progress != Progress::kNeedsMore;
         progress = reader.Next()) {
      if (progress == Progress::kBroken) {
        CHECK(reader.error().code() == StatusCode::kDataLoss);
        return text + "broken: " + std::string(reader.error().message());
      }
      text += Text(reader.reply()) + ";";
    }
  }
  return text;
}

TEST_CASE("replies are the same wherever the bytes are split") {
  const std::string bytes =
      "+OK\r\n-ERR no\r\n:-12\r\n$-1\r\n$0\r\n\r\n$3\r\na\r\n\r\n*-1\r\n*0\r\n"
      "*3\r\n$20\r\n12345678901234567890\r\n$-1\r\n*2\r\n:1\r\n$1\r\nx\r\n";
  const std::string expected =
      "+OK;-ERR no;-12;nil;'';'a\r\n';nil;[];['12345678901234567890' nil [1 'x' ] ];";
  for (size_t step = 1; step <= bytes.size(); ++step) {
    INFO(step);
    CHECK(ReadAll(bytes, step) == expected);
  }
}

TEST_CASE("a simple reply that is there as a whole is taken at once, and nothing else is") {
  const std::string value = "$20\r\n12345678901234567890\r\n";
  for (const std::string& bytes :
       {"*2\r\n" + value + "$1\r\n7\r\n", "*2\r\n" + value + "$-1\r\n", value,
        std::string("*2\r\n$-1\r\n$-1\r\n"), std::string("$-1\r\n"), std::string("$0\r\n\r\n"),
        std::string(":12\r\n"), std::string("*0\r\n")}) {
    INFO(bytes);
    ReplyReader reader;
    REQUIRE(reader.Next() == Progress::kNeedsMore);
    REQUIRE(reader.is_empty());
    CHECK(reader.TakeWhole(bytes + "*2\r\n$9") == bytes.size());
    CHECK(Text(reader.reply()) + ";" == ReadAll(bytes, 1));
    CHECK(reader.is_empty());
    for (size_t size = 0; size < bytes.size(); ++size) {
      CHECK(reader.TakeWhole(bytes.substr(0, size)) == 0);
      CHECK(reader.reply().is_nil());
    }
    reader.Feed(bytes);
    CHECK_FALSE(reader.is_empty());
    REQUIRE(reader.Next() == Progress::kReply);
    CHECK(Text(reader.reply()) + ";" == ReadAll(bytes, 1));
  }
  for (const std::string_view bytes :
       {"+OK\r\n", "-ERR no\r\n", "*-1\r\n", "$-2\r\n", "$01x\r\n", "$3\r\nabcd\r\n", ":-12\r\n",
        "*1\r\n*1\r\n:1\r\n", "$9999999999\r\nabc\r\n", "*2\r\n:1\r\n+OK\r\n", "\r\n", "$\r\n"}) {
    INFO(bytes);
    CHECK(ReplyReader().TakeWhole(bytes) == 0);
  }
}

TEST_CASE("a value is taken out of its reply once, short or long") {
  ReplyReader reader;
  reader.Feed("*2\r\n$5\r\nshort\r\n$26\r\nabcdefghijklmnopqrstuvwxyz\r\n");
  REQUIRE(reader.Next() == Progress::kReply);
  CHECK(reader.reply().items[0].TakeText().view() == "short");
  const char* payload = reader.reply().items[1].text().data();
  const Buffer taken = reader.reply().items[1].TakeText();
  CHECK(taken.view() == "abcdefghijklmnopqrstuvwxyz");
  CHECK((taken.data() == payload));
}

TEST_CASE("what is missing of a large value is known") {
  ReplyReader reader;
  reader.Feed("$1000\r\nabc");
  REQUIRE(reader.Next() == Progress::kNeedsMore);
  CHECK(reader.missing_bytes() == 997 + 2);
  reader.Feed(std::string(997, 'x') + "\r\n+more\r\n");
  REQUIRE(reader.Next() == Progress::kReply);
  CHECK(reader.missing_bytes() == 0);
  CHECK(reader.has_more());
  REQUIRE(reader.Next() == Progress::kReply);
  CHECK_FALSE(reader.has_more());
}

TEST_CASE("announced sizes beyond the limits are refused before memory is taken") {
  CHECK(ReadAll("*2000000000\r\n", 100).find("an array too long") != std::string::npos);
  CHECK(ReadAll("*1\r\n*1\r\n*1\r\n:1\r\n", 100, {.depth = 2}).find("too deep") !=
        std::string::npos);
  CHECK(ReadAll("$2000000000\r\nabc", 100).find("longer than the limit") != std::string::npos);
  CHECK(ReadAll("$99999999999999999999\r\n", 100).find("broken") != std::string::npos);
  CHECK(ReadAll("$-2\r\n", 100).find("broken") != std::string::npos);
  CHECK(ReadAll("*-2\r\n", 100).find("broken") != std::string::npos);
  CHECK(ReadAll("$" + std::string(1000, '0'), 100).find("a length too long") != std::string::npos);
  CHECK(ReadAll("+" + std::string(100000, 'x'), 1000).find("a line too long") != std::string::npos);
}

TEST_CASE("the parts of one reply are counted together, and each reply anew") {
  ReplyLimits limits;
  limits.items = 5;
  limits.bytes = 100;
  CHECK(ReadAll("*2\r\n*2\r\n:1\r\n:2\r\n*2\r\n:1\r\n:2\r\n", 100, limits).find("too large") !=
        std::string::npos);
  const std::string part = "$40\r\n" + std::string(40, 'x') + "\r\n";
  CHECK(ReadAll("*3\r\n" + part + part + part, 10, limits).find("broken") != std::string::npos);
  CHECK(ReadAll("*3\r\n" + part + part + part, 1000, limits).find("broken") != std::string::npos);
  CHECK(ReadAll(part + part + part + part, 10, limits).find("broken") == std::string::npos);
}

TEST_CASE("what is no RESP breaks the reader for good") {
  for (const std::string_view bytes :
       {"HTTP/1.1 200 OK\r\n", ":x\r\n", "$x\r\n", "*x\r\n", "\r\n"}) {
    INFO(bytes);
    CHECK(ReadAll(bytes, 100).find("broken") == 0);
  }
  ReplyReader reader;
  reader.Feed("?\r\n");
  CHECK(reader.Next() == Progress::kBroken);
  reader.Feed("+OK\r\n");
  CHECK(reader.Next() == Progress::kBroken);
}

}  // namespace
}  // namespace mecha::components
