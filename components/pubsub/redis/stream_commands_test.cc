// SPDX-License-Identifier: Apache-2.0
// What is said to Redis, how its ids and metadata are read, and which settings are refused.
#include "stream_commands.h"

#include <string>
#include <utility>
#include <vector>

#include "stream_metadata.h"
#include "stream_options.h"
#include "support/catch.h"
#include "support/state_store_user.h"

namespace MECHA_COMPONENT {
namespace {

// The arguments of all commands, joined with "|".
std::string Arguments(const RedisCommands& commands) {
  std::vector<iovec> pieces(8);
  std::string bytes;
  const size_t filled = commands.Pieces(0, pieces);
  for (size_t i = 0; i < filled; ++i) {
    bytes.append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
  }
  std::string text;
  for (size_t at = bytes.find('$'); at != bytes.npos; at = bytes.find('$', at)) {
    const size_t end = bytes.find("\r\n", at);
    const size_t length = std::stoul(bytes.substr(at + 1, end - at - 1));
    text += (text.empty() ? "" : "|") + bytes.substr(end + 2, length);
    at = end + 2 + length;
  }
  return text;
}

std::string Published(const StreamOptions& options, std::string_view json) {
  RedisCommands commands;
  const WallTime now(std::chrono::milliseconds(10'000));
  AddPublish(commands, {"orders", "p", json}, TrimOf(options, now));
  return Arguments(commands);
}

TEST_CASE("a publish is the XADD that Dapr sends") {
  CHECK(Published({}, "") == "XADD|orders|*|data|p");
  CHECK(Published({}, "{}") == "XADD|orders|*|data|p|metadata|{}");
  StreamOptions options;
  options.oldest = std::chrono::seconds(4);
  CHECK(Published(options, "") == "XADD|orders|MINID|~|6000-1|*|data|p");
  options.longest = 7;
  CHECK(Published(options, "") == "XADD|orders|MAXLEN|~|7|*|data|p");
  options.longest = 0;
  options.oldest = std::chrono::hours(1);
  CHECK(Published(options, "") == "XADD|orders|MINID|~|0-1|*|data|p");
}

TEST_CASE("reading and settling are what Dapr sends") {
  const StreamPlace place{"orders", "shop", "me"};
  RedisCommands commands;
  AddGroup(commands, place);
  AddRead(commands, place, 256, std::chrono::milliseconds(1000));
  const StreamId ids[] = {{1, 2}, {3, 0}};
  AddAcknowledge(commands, place, ids);
  CHECK(Arguments(commands) ==
        "XGROUP|CREATE|orders|shop|0|MKSTREAM"
        "|XREADGROUP|GROUP|shop|me|COUNT|256|BLOCK|1000|STREAMS|orders|>"
        "|XACK|orders|shop|1-2|3-0");
}

TEST_CASE("ids are read and written") {
  CHECK(StreamId::Parse("1700000000000-7")->Text() == "1700000000000-7");
  CHECK(StreamId{UINT64_MAX, UINT64_MAX}.Text() == "18446744073709551615-18446744073709551615");
  for (const char* wrong : {"", "1", "-", "1-", "-1", "1-2-3", "a-b", "1-99999999999999999999"}) {
    CHECK_FALSE(StreamId::Parse(wrong).has_value());
  }
  CHECK(StreamId{1, 2}.Next() == StreamId{1, 3});
  CHECK(StreamId{1, UINT64_MAX}.Next() == StreamId{2, 0});
  CHECK(StreamId{2, 0} > StreamId{1, 9});
}

std::string Read(std::string_view json) {
  std::string text;
  for (const auto& [key, value] : MetadataFromJson(json)) {
    text += key + "=" + value + ";";
  }
  return text;
}

TEST_CASE("metadata is a JSON object of texts") {
  CHECK(Read(R"({"A":"b","c\n":"\u00e9\ud83d\ude00\"\\\/\t"})") ==
        "a=b;c\n=\xC3\xA9\xF0\x9F\x98\x80\"\\/\t;");
  CHECK(Read(R"( { "a" : "b" , "c" : "" } )") == "a=b;c=;");
  CHECK(Read(R"({"n":1.5e3 ,"t":true,"o":{"x":["y}",2]} , "l":[] })") ==
        R"(n=1.5e3;t=true;o={"x":["y}",2]};l=[];)");
  for (const char* none : {"", "null", "[]", "\"a\"", "{", "{\"a\":}", "{\"a\":\"b\"", "{}"}) {
    CHECK(Read(none).empty());
  }
  const std::vector<std::pair<std::string_view, std::string_view>> pairs = {{"k", "v\"\x01"},
                                                                            {"l", ""}};
  CHECK(MetadataToJson(pairs) == R"({"k":"v\"\u0001","l":""})");
  CHECK(MetadataToJson({}).empty());
  CHECK(Read(MetadataToJson(pairs)) == "k=v\"\x01;l=;");
}

StatusOr<StreamOptions> ReadSettings(const test::Fields& fields) {
  return ReadStreamOptions(test::MakeSettings("pubsub.redis", fields));
}

TEST_CASE("settings are read, and what cannot be is refused by name") {
  const auto options = ReadSettings({{"processingTimeout", "2s"},
                                     {"redeliverInterval", "1m"},
                                     {"streamTTL", "1h"},
                                     {"maxLenApprox", "5"}});
  REQUIRE(options.ok());
  CHECK(options->processing_timeout == std::chrono::seconds(2));
  CHECK(options->redeliver_interval == std::chrono::minutes(1));
  CHECK(options->oldest == std::chrono::hours(1));
  CHECK(options->longest == 5);
  CHECK(options->reclaims());
  const auto off = ReadSettings({{"processingTimeout", "0s"}, {"redeliverInterval", "1m"}});
  CHECK((off.ok() && !off->reclaims()));
  for (const char* field : {"processingTimeout", "redeliverInterval", "streamTTL"}) {
    const Status status = ReadSettings({{field, "-1s"}}).status();
    CHECK(IsInvalidArgument(status));
    CHECK(status.message().find(field) != std::string_view::npos);
  }
  CHECK(IsInvalidArgument(ReadSettings({{"maxLenApprox", "-1"}}).status()));
}

}  // namespace
}  // namespace MECHA_COMPONENT
