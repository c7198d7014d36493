// SPDX-License-Identifier: Apache-2.0
#include "redis/redis_error.h"

#include <algorithm>
#include <string>

#include "result/status.h"

namespace mecha::components {
namespace {

struct Row {
  std::string_view start;
  StatusCode code;
  bool must_reconnect;
  std::string_view advice;
};

// The first row whose start matches decides.
constexpr Row kRows[] = {
    {"NOAUTH", StatusCode::kUnauthenticated, true,
     "the server wants a login: set *Password, and *Username for an ACL user"},
    {"WRONGPASS", StatusCode::kUnauthenticated, true, "check *Username and *Password"},
    {"ERR invalid password", StatusCode::kUnauthenticated, true, "check *Password"},
    {"ERR Client sent AUTH", StatusCode::kUnauthenticated, true,
     "the server has no password: remove *Password"},
    {"ERR AUTH <password> called", StatusCode::kUnauthenticated, true,
     "the server has no password: remove *Password"},
    {"NOPERM", StatusCode::kPermissionDenied, false, "extend the user's ACL"},
    {"ACL failure", StatusCode::kPermissionDenied, false, "extend the user's ACL"},
    {"ERR The user executing the script", StatusCode::kPermissionDenied, false,
     "extend the user's ACL"},
    {"DENIED", StatusCode::kPermissionDenied, true, "the server accepts local connections only"},
    {"OOM", StatusCode::kResourceExhausted, false, "the server's maxmemory is reached"},
    {"LOADING", StatusCode::kUnavailable, false,
     "the server reads its data; wait until it is done"},
    {"BUSY", StatusCode::kUnavailable, false,
     "a script blocks the server; wait, or end it with SCRIPT KILL"},
    {"UNKILLABLE", StatusCode::kUnavailable, false,
     "a script that has written blocks the server; wait until it ends"},
    {"MASTERDOWN", StatusCode::kUnavailable, false,
     "the server is a replica without its master; name the master"},
    {"TRYAGAIN", StatusCode::kUnavailable, false, "the cluster moves these keys; try again"},
    {"CLUSTERDOWN", StatusCode::kUnavailable, false, "mend the cluster: some slots have no node"},
    {"NOREPLICAS", StatusCode::kUnavailable, false,
     "mend the replicas, or lower the server's min-replicas-to-write"},
    {"MISCONF", StatusCode::kUnavailable, false,
     "the server refuses writes until it can save; see its log"},
    // After a failover the name may lead to another node by the next connection.
    {"READONLY", StatusCode::kUnavailable, true,
     "the server is a replica, and only the master takes writes"},
    {"ERR max number of clients", StatusCode::kUnavailable, true,
     "lower poolSize or raise maxclients"},
    {"WRONGTYPE", StatusCode::kFailedPrecondition, false,
     "another program keeps something else under this key"},
    {"MOVED", StatusCode::kFailedPrecondition, false, "the server is a cluster node"},
    {"ASK", StatusCode::kFailedPrecondition, false, "the server is a cluster node"},
    {"CROSSSLOT", StatusCode::kFailedPrecondition, false, "the server is a cluster node"},
    {"ERR SELECT is not allowed in cluster", StatusCode::kFailedPrecondition, false,
     "a cluster has database 0 only"},
    {"ERR DB index", StatusCode::kFailedPrecondition, false,
     "redisDB must be below the server's number of databases"},
    {"ERR invalid DB index", StatusCode::kFailedPrecondition, false,
     "redisDB must be below the server's number of databases"},
    {"ERR unknown command", StatusCode::kUnimplemented, false,
     "the server lacks or renames this command"},
    {"ERR Protocol error", StatusCode::kInternal, true,
     "see what stands between here and the server"},
};

// Redis 6 wraps the error of a command in a script: "... @user_script: 12: -OOM command not ...".
std::string_view WithoutScriptFrame(std::string_view text) {
  if (text.starts_with("ERR Error running script")) {
    const size_t inner = text.find(": -");
    if (inner != text.npos) {
      return text.substr(inner + 3);
    }
  }
  return text;
}

// The server's words without echoed arguments, control characters and undue length.
std::string Cleaned(std::string_view text) {
  constexpr size_t kLongest = 200;
  for (const std::string_view echo : {", with args beginning with", " script: "}) {
    text = text.substr(0, text.find(echo));
  }
  std::string words(text.substr(0, kLongest));
  std::replace_if(
      words.begin(), words.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return words;
}

}  // namespace

ServerError FromServer(std::string_view text, std::string_view login) {
  text = WithoutScriptFrame(text);
  Row row{"", StatusCode::kInternal, false, ""};
  for (const Row& candidate : kRows) {
    if (text.starts_with(candidate.start)) {
      row = candidate;
      break;
    }
  }
  std::string message = "Redis answered \"" + Cleaned(text) + "\"";
  if (!row.advice.empty()) {
    message += "; ";
    for (const char c : row.advice) {
      c == '*' ? message += login : message += c;
    }
  }
  return {Status(row.code, message), row.must_reconnect};
}

Status UnaskedReply() {
  return Unavailable("Redis answered what nobody asked; the connection is given up");
}

Status ReconnectAsked() {
  return Unavailable("the server asked for another connection; try again");
}

}  // namespace mecha::components
