// SPDX-License-Identifier: Apache-2.0
#include "postgres_error.h"

#include <algorithm>
#include <string>

#include "encoding/ascii.h"
#include "result/status.h"

namespace MECHA_COMPONENT {
namespace {

enum After : unsigned char { kKeep, kReconnect, kUncertain };

struct Row {
  std::string_view start;  // of the SQLSTATE
  StatusCode code;
  After after;
  std::string_view advice;
};

// The first row whose start matches decides. kUncertain: reconnect, and a write may stand.
constexpr Row kRows[] = {
    {"28P01", StatusCode::kUnauthenticated, kReconnect, "check user and password"},
    {"28", StatusCode::kUnauthenticated, kReconnect,
     "check user, password, sslMode, sslCert and the server's pg_hba.conf"},
    {"3D000", StatusCode::kFailedPrecondition, kReconnect,
     "create the database or name another one"},
    {"42501", StatusCode::kPermissionDenied, kKeep, "grant the user what it needs"},
    {"25006", StatusCode::kUnavailable, kReconnect,
     "the server is a standby: name the primary, or set target_session_attrs=read-write"},
    {"25P0", StatusCode::kUnavailable, kReconnect, "the server ended the transaction; try again"},
    {"53300", StatusCode::kResourceExhausted, kReconnect,
     "lower maxConns or raise the server's max_connections"},
    {"53400", StatusCode::kResourceExhausted, kReconnect, "raise that limit of the server"},
    {"53", StatusCode::kResourceExhausted, kKeep, "make room on the server: disk or memory"},
    {"54", StatusCode::kInvalidArgument, kKeep, "shorten the key or the value"},
    {"57014", StatusCode::kUnavailable, kKeep,
     "the server's statement_timeout, or an administrator, stopped the statement"},
    {"57P", StatusCode::kUnavailable, kUncertain,
     "the server stops or starts; wait until it is up"},
    {"58", StatusCode::kUnavailable, kReconnect, "see the server's log"},
    {"40003", StatusCode::kUnavailable, kUncertain, "read the key to see whether it was written"},
    {"40", StatusCode::kUnavailable, kKeep, "another transaction won; try again"},
    {"55P03", StatusCode::kUnavailable, kKeep, "another transaction holds the row; try again"},
    {"55000", StatusCode::kFailedPrecondition, kKeep, "see the server's log"},
    {"08", StatusCode::kUnavailable, kUncertain, "see the log of the server, or of its pooler"},
    // The statement was forgotten (DISCARD ALL, a pooler) or its table was changed: it did not run.
    {"26000", StatusCode::kUnavailable, kReconnect,
     "prepared statements got lost: behind a pooler set queryExecMode to exec"},
    {"42P05", StatusCode::kUnavailable, kReconnect,
     "prepared statements got mixed up: behind a pooler set queryExecMode to exec"},
    {"0A000", StatusCode::kUnavailable, kReconnect, "the table may have been changed; try again"},
    {"22021", StatusCode::kInvalidArgument, kKeep, "texts are UTF-8 without NUL"},
    {"22P05", StatusCode::kInvalidArgument, kKeep, "jsonb cannot hold \\u0000"},
    {"22", StatusCode::kInvalidArgument, kKeep,
     "change the key or the value: the server cannot store it"},
    {"42P01", StatusCode::kFailedPrecondition, kKeep,
     "the table is gone or not in the search_path; restart to create it"},
    {"42", StatusCode::kFailedPrecondition, kKeep, "the table is not as Dapr makes it"},
    {"23", StatusCode::kFailedPrecondition, kKeep, "the table has constraints of its own"},
    {"3F", StatusCode::kFailedPrecondition, kKeep, "create the schema or name another one"},
    {"XX00", StatusCode::kDataLoss, kReconnect, "the server found damaged data"},
};

// What libpq says of TLS, by a part of its words. The first row decides.
struct TlsRow {
  std::string_view words;
  StatusCode code;
  std::string_view advice;
};

constexpr TlsRow kTlsRows[] = {
    {"certificate verify failed", StatusCode::kUnauthenticated,
     "the server's certificate is not signed by what sslRootCert holds, or its time is over"},
    {"does not match host name", StatusCode::kUnauthenticated,
     "name the server as its certificate does in host, with its address in hostaddr if need be"},
    {"server does not support SSL", StatusCode::kFailedPrecondition,
     "switch ssl on at the server, or set sslMode to prefer"},
    {" alert ", StatusCode::kUnauthenticated,
     "set sslCert and sslKey to what the server's ssl_ca_file has signed"},
    {"private key file", StatusCode::kFailedPrecondition, "see sslKey and sslCert"},
    {"certificate file", StatusCode::kFailedPrecondition, "see sslCert and sslRootCert"},
    {"root certificate", StatusCode::kFailedPrecondition, "see sslRootCert"},
};

// One line without control characters and undue length.
std::string Cleaned(std::string_view text) {
  constexpr size_t kLongest = 200;
  text = text.substr(0, text.find('\n'));
  std::string words(text.substr(0, kLongest));
  std::replace_if(
      words.begin(), words.end(), [](char c) { return c >= 0 && (c < ' ' || c == 0x7F); }, '?');
  return words;
}

bool IsSqlState(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return IsDigit(c) || IsUpper(c); });
}

// Where "FATAL:  28P01: words" names the SQLSTATE; npos when only libpq spoke.
size_t FindSqlState(std::string_view text) {
  constexpr size_t kSize = 5;
  for (size_t at = text.find(":  "); at != text.npos; at = text.find(":  ", at + 1)) {
    const size_t start = at + 3;
    if (text.size() > start + kSize && text[start + kSize] == ':' &&
        IsSqlState(text.substr(start, kSize))) {
      return start;
    }
  }
  return text.npos;
}

}  // namespace

ServerError FromServer(std::string_view sqlstate, std::string_view text) {
  Row row{"", StatusCode::kInternal, kKeep, ""};
  for (const Row& candidate : kRows) {
    if (sqlstate.starts_with(candidate.start)) {
      row = candidate;
      break;
    }
  }
  std::string message =
      "PostgreSQL answered \"" + Cleaned(text) + "\" (SQLSTATE " + Cleaned(sqlstate) + ")";
  if (!row.advice.empty()) {
    message += "; ";
    message += row.advice;
  }
  return {Status(row.code, message), row.after != kKeep, row.after == kUncertain};
}

Status FromConnection(std::string_view what, std::string_view text) {
  const size_t state = FindSqlState(text);
  // libpq puts the address first, which `what` says already.
  const size_t failed = text.find(" failed: ");
  const std::string_view cause = failed == text.npos ? text : text.substr(failed + 9);
  std::string message(what);
  message += ": " + (cause.empty() ? "connection lost" : Cleaned(cause));
  // Also where sslmode let libpq try again without TLS, and the server has refused that.
  const std::string_view own_words = text.substr(0, std::min(state, text.size()));
  for (const TlsRow& row : kTlsRows) {
    if (own_words.find(row.words) != own_words.npos) {
      return Status(row.code, message.append("; ").append(row.advice));
    }
  }
  if (state != text.npos) {
    constexpr size_t kWordsAfter = 7;  // "28P01: "
    return WithPrefix(
        FromServer(text.substr(state, 5), text.substr(std::min(state + kWordsAfter, text.size())))
            .status,
        what);
  }
  const bool is_ours =
      text.find("definition of service") != text.npos || text.find("invalid ") == 0;
  return is_ours ? FailedPrecondition(message) : Unavailable(message);
}

}  // namespace MECHA_COMPONENT
