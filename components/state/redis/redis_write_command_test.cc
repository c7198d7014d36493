// SPDX-License-Identifier: Apache-2.0
#include "redis_write_command.h"

#include <string>

#include "redis_scripts.h"
#include "support/catch.h"

namespace MECHA_COMPONENT {
namespace {

// The arguments of the first command, joined with "|".
std::string Arguments(const RedisCommands& commands) {
  iovec pieces[8];
  std::string bytes;
  const size_t filled = commands.Pieces(0, pieces);
  for (size_t i = 0; i < filled; ++i) {
    bytes.append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
  }
  std::string text;
  size_t at = bytes.find('$');
  while (at != std::string::npos) {
    const size_t length = std::stoul(bytes.substr(at + 1));
    const size_t start = bytes.find("\r\n", at) + 2;
    text += bytes.substr(start, length) + "|";
    at = bytes.find('$', start + length);
  }
  return text;
}

std::string Arguments(const StateWrite& write) {
  RedisCommands commands;
  AddWrite(commands, write, ScriptForm::kHash);
  return Arguments(commands);
}

StateWrite Make(StateWrite::Kind kind, Condition condition) {
  StateWrite write;
  write.kind = kind;
  write.condition = condition;
  write.key = "k";
  write.value = "v";
  write.etag = "7";
  return write;
}

TEST_CASE("each write has its command") {
  using Kind = StateWrite::Kind;
  const std::string set = "EVALSHA|" + std::string(kSetScript.sha1) + "|1|k|";
  CHECK(Arguments(Make(Kind::kSet, Condition::kAlways)) == set + "a|v|||");
  CHECK(Arguments(Make(Kind::kSet, Condition::kIfAbsent)) == set + "n|v|||");
  StateWrite matched = Make(Kind::kSet, Condition::kIfMatch);
  CHECK(Arguments(matched) == set + "m|v||7|");
  matched.ttl = std::chrono::milliseconds(1500);
  CHECK(Arguments(matched) == set + "m|v|1500|7|");
  CHECK(Arguments(Make(Kind::kDelete, Condition::kAlways)) == "DEL|k|");
  CHECK(Arguments(Make(Kind::kDelete, Condition::kIfMatch)) ==
        "EVALSHA|" + std::string(kDeleteScript.sha1) + "|1|k|7|");
}

TEST_CASE("a lifetime too long for the server is cut, not refused") {
  StateWrite write = Make(StateWrite::Kind::kSet, Condition::kAlways);
  write.ttl = std::chrono::milliseconds::max();
  CHECK(Arguments(write).ends_with("|a|v|1000000000000000||"));
}

TEST_CASE("only decimal version numbers are etags") {
  StateWrite write = Make(StateWrite::Kind::kSet, Condition::kIfMatch);
  for (const std::string_view etag : {"0", "1", "10", "18446744073709551615"}) {
    INFO(etag);
    write.etag = etag;
    CHECK(CheckEtag(write).ok());
  }
  for (const std::string_view etag : {"", "00", "01", "+1", "-1", "1.0", " 1", "1 ", "x",
                                      "18446744073709551616", "99999999999999999999999"}) {
    INFO(etag);
    write.etag = etag;
    CHECK(CheckEtag(write).code() == StatusCode::kInvalidArgument);
    StateWrite ignored = write;
    ignored.condition = Condition::kAlways;
    CHECK(CheckEtag(ignored).ok());
  }
}

TEST_CASE("replies become etags and conflicts") {
  const StateWrite set = Make(StateWrite::Kind::kSet, Condition::kIfMatch);
  Reply reply;
  CHECK(ReadOutcome(set, reply).status().code() == StatusCode::kAborted);
  reply.type = Reply::Type::kInteger;
  reply.integer = 12;
  CHECK(ReadOutcome(set, reply)->view() == "12");
  CHECK(ReadOutcome(Make(StateWrite::Kind::kDelete, Condition::kAlways), reply)->empty());
  reply.type = Reply::Type::kText;
  reply.line = "9007199254740993";
  CHECK(ReadOutcome(set, reply)->view() == "9007199254740993");
  reply.type = Reply::Type::kArray;
  CHECK(ReadOutcome(set, reply).status().code() == StatusCode::kDataLoss);
}

}  // namespace
}  // namespace MECHA_COMPONENT
