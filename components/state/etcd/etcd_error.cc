// SPDX-License-Identifier: Apache-2.0
#include "etcd_error.h"

#include <string>

#include "encoding/quoted.h"

namespace MECHA_COMPONENT {
namespace {

// What etcd says; its codes alone are too coarse.
struct WordsRow {
  std::string_view words;
  StatusCode code;
  std::string_view advice;
};

constexpr WordsRow kWords[] = {
    {"request is too large", StatusCode::kOutOfRange, "raise the server's --max-request-bytes"},
    {"larger than max", StatusCode::kOutOfRange, "raise the server's --max-request-bytes"},
    {"too many operations in txn", StatusCode::kInvalidArgument,
     "set maxTxnOps to the server's --max-txn-ops"},
    {"too large lease TTL", StatusCode::kOutOfRange, "use a shorter time to live"},
    {"requested lease not found", StatusCode::kUnavailable,
     "the time to live was over before the value was written"},
    {"database space exceeded", StatusCode::kResourceExhausted,
     "compact and defragment the server, then disarm its alarm"},
    {"too many requests", StatusCode::kResourceExhausted, "the server is overloaded"},
    {"user name is empty", StatusCode::kUnauthenticated,
     "the server wants a user and a password, which Dapr's fields do not have"},
    {"authentication is not enabled", StatusCode::kFailedPrecondition, ""},
};

struct CodeRow {
  int64_t code;
  StatusCode status;
  Applied applied;
};

constexpr CodeRow kCodes[] = {
    {3, StatusCode::kInvalidArgument, Applied::kNo},
    {4, StatusCode::kUnavailable, Applied::kMaybe},
    {7, StatusCode::kPermissionDenied, Applied::kNo},
    {8, StatusCode::kResourceExhausted, Applied::kNo},
    {9, StatusCode::kFailedPrecondition, Applied::kNo},
    {11, StatusCode::kOutOfRange, Applied::kNo},
    {12, StatusCode::kUnimplemented, Applied::kNo},
    {14, StatusCode::kUnavailable, Applied::kMaybe},
    {16, StatusCode::kUnauthenticated, Applied::kNo},
};

}  // namespace

Status FromEtcd(int64_t code, std::string_view words) {
  std::string message = "etcd says " + Quoted(words);
  for (const WordsRow& row : kWords) {
    if (words.find(row.words) != words.npos) {
      message += row.advice.empty() ? "" : "; ";
      message += row.advice;
      return MarkApplied(Status(row.code, message), Applied::kNo);
    }
  }
  for (const CodeRow& row : kCodes) {
    if (row.code == code) {
      return MarkApplied(Status(row.status, message), row.applied);
    }
  }
  return MarkApplied(Status(StatusCode::kInternal, message + " (" + std::to_string(code) + ")"),
                     Applied::kMaybe);
}

}  // namespace MECHA_COMPONENT
