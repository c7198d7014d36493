// SPDX-License-Identifier: Apache-2.0
#include "mysql_error.h"

#include "support/catch.h"

namespace MECHA_COMPONENT {
namespace {

TEST_CASE("errors of the server have codes, and did nothing") {
  CHECK(FromMysql(1045, "Access denied").code() == StatusCode::kUnauthenticated);
  CHECK(FromMysql(1142, "denied").code() == StatusCode::kPermissionDenied);
  CHECK(FromMysql(1114, "full").code() == StatusCode::kResourceExhausted);
  CHECK(FromMysql(1213, "Deadlock found").code() == StatusCode::kUnavailable);
  CHECK(FromMysql(1406, "too long").code() == StatusCode::kOutOfRange);
  CHECK(FromMysql(1064, "syntax").code() == StatusCode::kInternal);
  CHECK(FromMysql(1213, "Deadlock found").applied() == Applied::kNo);
  CHECK(FromMysql(1290, "--read-only").message() ==
        "error 1290 \"--read-only\"; the server is read-only; name one that takes writes");
}

TEST_CASE("errors of the client library leave open what happened") {
  CHECK(FromMysql(2013, "Lost connection").code() == StatusCode::kUnavailable);
  CHECK(FromMysql(2013, "Lost connection").applied() == Applied::kMaybe);
  CHECK(IsOfClient(2006));
  CHECK_FALSE(IsOfClient(1999));
  CHECK_FALSE(IsOfClient(4025));
}

}  // namespace
}  // namespace MECHA_COMPONENT
