// SPDX-License-Identifier: Apache-2.0
#include "mysql_error.h"

#include <string>

#include "encoding/quoted.h"

namespace MECHA_COMPONENT {
namespace {

struct Row {
  unsigned number;
  StatusCode code;
  std::string_view advice;
};

constexpr Row kRows[] = {
    {1021, StatusCode::kResourceExhausted, "make room on the server's disk"},
    {1037, StatusCode::kResourceExhausted, "give the server more memory"},
    {1038, StatusCode::kResourceExhausted, "give the server more memory"},
    {1040, StatusCode::kUnavailable, "raise the server's max_connections"},
    {1041, StatusCode::kResourceExhausted, "give the server more memory"},
    {1044, StatusCode::kPermissionDenied, "grant the user the database"},
    {1045, StatusCode::kUnauthenticated, "check user and password of connectionString"},
    {1049, StatusCode::kFailedPrecondition, "the database is missing; restart to create it"},
    {1053, StatusCode::kUnavailable, "the server shuts down; wait until it is up"},
    {1114, StatusCode::kResourceExhausted, "make room in the table or on the server's disk"},
    {1129, StatusCode::kUnavailable,
     "the server blocks this host after failed tries; unblock it there: mysqladmin flush-hosts"},
    {1130, StatusCode::kPermissionDenied,
     "the server does not accept this host; create the user for it"},
    {1142, StatusCode::kPermissionDenied, "grant the user the table"},
    {1143, StatusCode::kPermissionDenied, "grant the user the table"},
    {1146, StatusCode::kFailedPrecondition,
     "the table has gone since the start; restart to create it"},
    {1153, StatusCode::kOutOfRange, "raise the server's max_allowed_packet"},
    {1203, StatusCode::kUnavailable, "raise the user's max_user_connections"},
    {1205, StatusCode::kUnavailable, "another transaction holds the row; try again"},
    {1213, StatusCode::kUnavailable, "another transaction won, nothing was written; try again"},
    {1226, StatusCode::kUnavailable, "the user is at one of its limits; raise it, or wait"},
    {1227, StatusCode::kPermissionDenied, "grant the user what it needs"},
    {1290, StatusCode::kUnavailable, "the server is read-only; name one that takes writes"},
    {1366, StatusCode::kInvalidArgument, "write the key in UTF-8"},
    {1406, StatusCode::kOutOfRange, "shorten the key or the value, or widen its column"},
    {1792, StatusCode::kUnavailable, "the server is read-only; name one that takes writes"},
    {1836, StatusCode::kUnavailable, "the server is read-only; name one that takes writes"},
    {3140, StatusCode::kInvalidArgument,
     "the value is no JSON that MySQL takes; store it as bytes"},
    {4025, StatusCode::kInvalidArgument,
     "the value is no JSON that MariaDB takes; store it as bytes"},
};

constexpr unsigned kFirstOfClient = 2000;
constexpr unsigned kPastClient = 3000;

}  // namespace

bool IsOfClient(unsigned number) { return number >= kFirstOfClient && number < kPastClient; }

Status FromMysql(unsigned number, std::string_view words) {
  StatusCode code = IsOfClient(number) ? StatusCode::kUnavailable : StatusCode::kInternal;
  std::string message = "error " + std::to_string(number) + " " + Quoted(words);
  for (const Row& row : kRows) {
    if (row.number == number) {
      code = row.code;
      message += "; ";
      message += row.advice;
    }
  }
  return MarkApplied(Status(code, message), IsOfClient(number) ? Applied::kMaybe : Applied::kNo);
}

}  // namespace MECHA_COMPONENT
