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
    {1021, StatusCode::kResourceExhausted, "the server's disk is full"},
    {1037, StatusCode::kResourceExhausted, "the server's memory is full"},
    {1038, StatusCode::kResourceExhausted, "the server's memory is full"},
    {1040, StatusCode::kUnavailable, "raise the server's max_connections"},
    {1041, StatusCode::kResourceExhausted, "the server's memory is full"},
    {1044, StatusCode::kPermissionDenied, "grant the user the database"},
    {1045, StatusCode::kUnauthenticated, "check user and password of connectionString"},
    {1049, StatusCode::kFailedPrecondition, "the database is missing"},
    {1053, StatusCode::kUnavailable, "the server shuts down"},
    {1114, StatusCode::kResourceExhausted, "the table is full"},
    {1129, StatusCode::kUnavailable, "the server blocks this host"},
    {1130, StatusCode::kPermissionDenied, "the server does not accept this host"},
    {1142, StatusCode::kPermissionDenied, "grant the user the table"},
    {1143, StatusCode::kPermissionDenied, "grant the user the table"},
    {1146, StatusCode::kFailedPrecondition, "the table has gone since the start"},
    {1153, StatusCode::kOutOfRange, "raise the server's max_allowed_packet"},
    {1203, StatusCode::kUnavailable, "raise the user's max_user_connections"},
    {1205, StatusCode::kUnavailable, "another transaction holds the row"},
    {1213, StatusCode::kUnavailable, "another transaction won; nothing was written"},
    {1226, StatusCode::kUnavailable, "the user is at one of its limits; raise it, or wait"},
    {1227, StatusCode::kPermissionDenied, "grant the user what it needs"},
    {1290, StatusCode::kUnavailable, "the server is read-only"},
    {1366, StatusCode::kInvalidArgument, "the key is not UTF-8"},
    {1406, StatusCode::kOutOfRange, "the key or the value is too long for its column"},
    {1792, StatusCode::kUnavailable, "the server is read-only"},
    {1836, StatusCode::kUnavailable, "the server is read-only"},
    {3140, StatusCode::kInvalidArgument, "the value is no JSON that MySQL takes"},
    {4025, StatusCode::kInvalidArgument, "the value is no JSON that MariaDB takes"},
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
