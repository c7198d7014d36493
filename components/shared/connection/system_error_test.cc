// SPDX-License-Identifier: Apache-2.0
#include "connection/system_error.h"

#include <cerrno>

#include "result/status.h"
#include "support/catch.h"

namespace mecha::components {
namespace {

TEST_CASE("system errors have codes and words") {
  const Status refused = FromSystem("connect to a:1", ECONNREFUSED);
  CHECK(refused.code() == StatusCode::kUnavailable);
  CHECK(refused.message() == "connect to a:1: connection refused");
  CHECK(FromSystem("x", EMFILE).code() == StatusCode::kResourceExhausted);
  CHECK(FromSystem("x", EACCES).code() == StatusCode::kPermissionDenied);
  CHECK(FromSystem("x", 9999).message() == "x: system error 9999");
}

}  // namespace
}  // namespace mecha::components
