// SPDX-License-Identifier: Apache-2.0
#include "postgres_error.h"

#include "support/catch.h"

namespace MECHA_COMPONENT {
namespace {

struct Case {
  std::string_view sqlstate;
  StatusCode code;
  bool must_reconnect;
  bool may_have_committed;
};

TEST_CASE("each error has its code, and the ones that end a session say so") {
  const Case cases[] = {
      {"28P01", StatusCode::kUnauthenticated, true, false},
      {"28000", StatusCode::kUnauthenticated, true, false},
      {"3D000", StatusCode::kFailedPrecondition, true, false},
      {"42501", StatusCode::kPermissionDenied, false, false},
      {"25006", StatusCode::kUnavailable, true, false},
      {"53300", StatusCode::kResourceExhausted, true, false},
      {"53100", StatusCode::kResourceExhausted, false, false},
      {"57014", StatusCode::kUnavailable, false, false},
      {"57P01", StatusCode::kUnavailable, true, true},
      {"57P03", StatusCode::kUnavailable, true, true},
      {"40P01", StatusCode::kUnavailable, false, false},
      {"40003", StatusCode::kUnavailable, true, true},
      {"26000", StatusCode::kUnavailable, true, false},
      {"22021", StatusCode::kInvalidArgument, false, false},
      {"22P05", StatusCode::kInvalidArgument, false, false},
      {"42P01", StatusCode::kFailedPrecondition, false, false},
      {"XX001", StatusCode::kDataLoss, true, false},
      {"XX999", StatusCode::kInternal, false, false},
      {"ZZ000", StatusCode::kInternal, false, false},
      {"", StatusCode::kInternal, false, false},
  };
  for (const Case& one : cases) {
    INFO(one.sqlstate);
    const ServerError error = FromServer(one.sqlstate, "words");
    CHECK(error.status.code() == one.code);
    CHECK(error.must_reconnect == one.must_reconnect);
    CHECK(error.may_have_committed == one.may_have_committed);
    CHECK(error.status.applied() == Applied::kNo);
    CHECK(error.status.message().find("\"words\"") != std::string_view::npos);
    const bool has_advice = error.status.message().find("); ") != std::string_view::npos;
    CHECK(has_advice == (one.code != StatusCode::kInternal));
  }
}

TEST_CASE("the server's words are one line without control characters, and short") {
  const ServerError error =
      FromServer("22000", "a\tb\x1b[0m\nDETAIL: secret" + std::string(999, 'x'));
  CHECK(error.status.message().find("a?b?[0m\"") != std::string_view::npos);
  CHECK(error.status.message().find("secret") == std::string_view::npos);
  CHECK(FromServer("22000", std::string(999, 'x')).status.message().size() < 300);
}

TEST_CASE("a failed connection is told by the server's SQLSTATE, else by libpq's words") {
  const Status refused = FromConnection(
      "connect to db:5432",
      "connection to server at \"db\" (10.0.0.1), port 5432 failed: Connection refused\n"
      "\tIs the server running on that host and accepting TCP/IP connections?\n");
  CHECK(refused == Unavailable("connect to db:5432: Connection refused"));
  const Status login = FromConnection(
      "connect to db:5432",
      "connection to server at \"db\" (10.0.0.1), port 5432 failed: FATAL:  28P01: password "
      "authentication failed for user \"me\"\nLOCATION:  auth_failed, auth.c:335\n");
  CHECK(login.code() == StatusCode::kUnauthenticated);
  CHECK(login.message().starts_with("connect to db:5432: PostgreSQL answered \"password auth"));
  CHECK(FromConnection("receive from x", "").message() == "receive from x: connection lost");
  const Status key = FromConnection("connect to db:5432",
                                    "connection to server at \"db\" (10.0.0.1), port 5432 failed: "
                                    "private key file \"/k\" has group "
                                    "or world access\nconnection to server at \"db\" (10.0.0.1), "
                                    "port 5432 failed: FATAL:  28000: "
                                    "no pg_hba.conf entry\n");
  CHECK(IsFailedPrecondition(key));
  CHECK(key.message() ==
        "connect to db:5432: private key file \"/k\" has group or world access; see sslKey and "
        "sslCert");
}

}  // namespace
}  // namespace MECHA_COMPONENT
