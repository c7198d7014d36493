// SPDX-License-Identifier: Apache-2.0
#include "redis/redis_commands.h"

#include <algorithm>
#include <string>

#include "support/catch.h"

namespace mecha::components {
namespace {

// Everything from `offset` on, as sendmsg would see it with `room` pieces at a time that take at
// most `step` bytes together.
std::string Sent(const RedisCommands& commands, size_t offset, size_t room, size_t step) {
  std::string sent;
  std::vector<iovec> pieces(room);
  while (offset < commands.total_bytes()) {
    size_t left = step;
    const size_t filled = commands.Pieces(offset, pieces);
    REQUIRE(filled > 0);
    for (size_t i = 0; i < filled && left > 0; ++i) {
      const size_t taken = std::min(left, pieces[i].iov_len);
      sent.append(static_cast<const char*>(pieces[i].iov_base), taken);
      left -= taken;
      offset += taken;
    }
  }
  return sent;
}

TEST_CASE("commands are written as RESP, with any bytes") {
  RedisCommands commands;
  commands.AddCommand({"SET", std::string_view("a\0\r\n", 4), ""});
  commands.Begin(2);
  commands.Add("GET");
  commands.Add(int64_t{-42});
  const std::string first("*3\r\n$3\r\nSET\r\n$4\r\na\0\r\n\r\n$0\r\n\r\n", 29);
  const std::string second = "*2\r\n$3\r\nGET\r\n$3\r\n-42\r\n";
  CHECK(Sent(commands, 0, 2, 1000) == first + second);
  CHECK(commands.count() == 2);
  CHECK(commands.EndOf(0) == first.size());
  CHECK(commands.EndOf(1) == first.size() + second.size());
  CHECK(commands.total_bytes() == commands.EndOf(1));
}

TEST_CASE("long arguments are sent from where they are, from any offset and in any pieces") {
  const std::string large(RedisCommands::kLongestCopied + 1, 'x');
  const std::string larger(RedisCommands::kLongestCopied * 2, 'y');
  RedisCommands commands;
  commands.AddCommand({"SET", "k", large});
  commands.AddCommand({"SET", larger, larger});
  std::string expected = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$8193\r\n" + large + "\r\n";
  CHECK(commands.EndOf(0) == expected.size());
  expected += "*3\r\n$3\r\nSET\r\n$16384\r\n" + larger + "\r\n$16384\r\n" + larger + "\r\n";
  CHECK(commands.total_bytes() == expected.size());
  for (const size_t room : {2, 3, 32}) {
    for (const size_t step : {1000, 8193, 1000000}) {
      CHECK((Sent(commands, 0, room, step) == expected));
    }
  }
  for (const size_t offset : {1UL, 30UL, 5000UL, expected.size() - 1}) {
    CHECK((Sent(commands, offset, 2, 100000) == expected.substr(offset)));
  }
  iovec piece[2];
  REQUIRE(commands.Pieces(0, piece) == 2);
  CHECK(piece[1].iov_base == large.data());
}

TEST_CASE("cleared and wiped commands start again") {
  RedisCommands commands;
  commands.AddCommand({"AUTH", "secret"});
  commands.Wipe();
  CHECK(commands.empty());
  CHECK(commands.total_bytes() == 0);
  commands.AddCommand({"PING"});
  CHECK(Sent(commands, 0, 2, 100) == "*1\r\n$4\r\nPING\r\n");
}

}  // namespace
}  // namespace mecha::components
