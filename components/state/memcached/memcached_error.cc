// SPDX-License-Identifier: Apache-2.0
#include "memcached_error.h"

#include <string>

#include "encoding/quoted.h"

namespace MECHA_COMPONENT {
namespace {

struct Row {
  std::string_view start;
  StatusCode code;
  bool must_reconnect;
  Applied applied;
  std::string_view advice;
};

// The first row whose start matches decides.
constexpr Row kRows[] = {
    {"SERVER_ERROR object too large for cache", StatusCode::kOutOfRange, false, Applied::kMaybe,
     "the value is over the server's item size limit (-I), and the one before is gone"},
    {"SERVER_ERROR out of memory storing", StatusCode::kResourceExhausted, false, Applied::kMaybe,
     "the server's memory (-m) is full, and the value before is gone"},
    {"SERVER_ERROR out of memory", StatusCode::kResourceExhausted, true, Applied::kNo,
     "the server's memory (-m) is full"},
    {"ERROR Too many open connections", StatusCode::kUnavailable, true, Applied::kNo,
     "raise the server's limit (-c)"},
    {"CLIENT_ERROR unauthenticated", StatusCode::kUnauthenticated, true, Applied::kNo,
     "the server wants a login (-Y), which this store does not have"},
    {"CLIENT_ERROR authentication", StatusCode::kUnauthenticated, true, Applied::kNo,
     "the server wants a login, which this store does not have"},
    {"ERROR", StatusCode::kUnimplemented, true, Applied::kNo,
     "this needs memcached 1.6 itself; an older one and a proxy lack the meta commands"},
    {"CLIENT_ERROR", StatusCode::kInternal, true, Applied::kNo, ""},
    {"SERVER_ERROR", StatusCode::kUnavailable, true, Applied::kMaybe, ""},
};

}  // namespace

ServerError FromServer(std::string_view line) {
  Row row{"", StatusCode::kDataLoss, true, Applied::kMaybe, ""};
  for (const Row& candidate : kRows) {
    if (line.starts_with(candidate.start)) {
      row = candidate;
      break;
    }
  }
  std::string message = "memcached answered " + Quoted(line);
  if (!row.advice.empty()) {
    message += "; ";
    message += row.advice;
  }
  return {MarkApplied(Status(row.code, message), row.applied), row.must_reconnect};
}

}  // namespace MECHA_COMPONENT
