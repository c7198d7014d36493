// SPDX-License-Identifier: Apache-2.0
#include "redis/redis_error.h"

#include <string>

#include "result/status.h"
#include "support/catch.h"

namespace mecha::components {
namespace {

StatusCode CodeOf(std::string_view text) { return FromServer(text).status.code(); }

TEST_CASE("each error of the server has its code") {
  CHECK(CodeOf("NOAUTH Authentication required.") == StatusCode::kUnauthenticated);
  CHECK(CodeOf("WRONGPASS invalid username-password pair") == StatusCode::kUnauthenticated);
  CHECK(CodeOf("ERR invalid password") == StatusCode::kUnauthenticated);
  CHECK(CodeOf("NOPERM this user has no permissions") == StatusCode::kPermissionDenied);
  CHECK(CodeOf("OOM command not allowed") == StatusCode::kResourceExhausted);
  CHECK(CodeOf("LOADING Redis is loading") == StatusCode::kUnavailable);
  CHECK(CodeOf("BUSY Redis is busy") == StatusCode::kUnavailable);
  CHECK(CodeOf("MASTERDOWN Link with MASTER is down") == StatusCode::kUnavailable);
  CHECK(CodeOf("TRYAGAIN Multiple keys") == StatusCode::kUnavailable);
  CHECK(CodeOf("READONLY You can't write") == StatusCode::kUnavailable);
  CHECK(CodeOf("MISCONF Redis is configured to save") == StatusCode::kUnavailable);
  CHECK(CodeOf("WRONGTYPE Operation against a key") == StatusCode::kFailedPrecondition);
  CHECK(CodeOf("MOVED 3999 127.0.0.1:6381") == StatusCode::kFailedPrecondition);
  CHECK(CodeOf("ERR unknown command 'X'") == StatusCode::kUnimplemented);
  CHECK(CodeOf("ERR something new") == StatusCode::kInternal);
  CHECK(CodeOf("") == StatusCode::kInternal);
}

TEST_CASE("an error that is known says what to do") {
  for (const std::string_view word : {"LOADING", "UNKILLABLE", "MASTERDOWN", "TRYAGAIN",
                                      "CLUSTERDOWN", "NOREPLICAS", "READONLY", "MISCONF"}) {
    INFO(word);
    CHECK(FromServer(word).status.message().find("\"; ") != std::string_view::npos);
  }
}

TEST_CASE("an error inside a script of an older server is found") {
  CHECK(CodeOf("ERR Error running script (call to f_1ccd): @user_script:18: @user_script: 18: "
               "-OOM command not allowed when used memory > 'maxmemory'.") ==
        StatusCode::kResourceExhausted);
}

TEST_CASE("a connection is given up where another one may do better") {
  CHECK(FromServer("READONLY You can't write").must_reconnect);
  CHECK(FromServer("ERR max number of clients reached").must_reconnect);
  CHECK_FALSE(FromServer("OOM command not allowed").must_reconnect);
  CHECK_FALSE(FromServer("LOADING").must_reconnect);
}

TEST_CASE("echoed arguments and control characters do not reach the message") {
  const std::string message(
      FromServer("ERR unknown command `AUTH`, with args beginning with: `hunter2`\r\n")
          .status.message());
  CHECK(message.find("hunter2") == std::string::npos);
  CHECK(message.find("ERR unknown command `AUTH`") != std::string::npos);
  const std::string odd(
      FromServer(std::string("ERR a\x01\xff") + std::string(999, 'x')).status.message());
  CHECK(odd.find("ERR a??xxx") != std::string::npos);
  CHECK(odd.size() < 300);
}

}  // namespace
}  // namespace mecha::components
