// SPDX-License-Identifier: Apache-2.0
#include "memcached_error.h"

#include <string>

#include "support/catch.h"

namespace MECHA_COMPONENT {
namespace {

StatusCode CodeOf(std::string_view line) { return FromServer(line).status.code(); }

TEST_CASE("each error of the server has its code") {
  CHECK(CodeOf("SERVER_ERROR object too large for cache") == StatusCode::kOutOfRange);
  CHECK(CodeOf("SERVER_ERROR out of memory storing object") == StatusCode::kResourceExhausted);
  CHECK(CodeOf("SERVER_ERROR out of memory preparing response") == StatusCode::kResourceExhausted);
  CHECK(CodeOf("ERROR Too many open connections") == StatusCode::kUnavailable);
  CHECK(CodeOf("CLIENT_ERROR unauthenticated") == StatusCode::kUnauthenticated);
  CHECK(CodeOf("ERROR") == StatusCode::kUnimplemented);
  CHECK(CodeOf("CLIENT_ERROR bad data chunk") == StatusCode::kInternal);
  CHECK(CodeOf("SERVER_ERROR something new") == StatusCode::kUnavailable);
  CHECK(CodeOf("HELLO") == StatusCode::kDataLoss);
  CHECK(CodeOf("") == StatusCode::kDataLoss);
}

TEST_CASE("a refusal that threw the old value away is marked as maybe applied") {
  const ServerError large = FromServer("SERVER_ERROR object too large for cache");
  CHECK(large.status.applied() == Applied::kMaybe);
  CHECK_FALSE(large.must_reconnect);
  CHECK(FromServer("SERVER_ERROR out of memory storing object").status.applied() ==
        Applied::kMaybe);
  CHECK(FromServer("CLIENT_ERROR bad command line format").status.applied() == Applied::kNo);
  CHECK(FromServer("CLIENT_ERROR bad command line format").must_reconnect);
}

TEST_CASE("the server's words are cleaned and what to do stands behind them") {
  const std::string message(FromServer("ERROR \x01").status.message());
  CHECK(message.find('\x01') == std::string::npos);
  CHECK(message.find("memcached 1.6") != std::string::npos);
}

}  // namespace
}  // namespace MECHA_COMPONENT
