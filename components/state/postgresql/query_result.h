// SPDX-License-Identifier: Apache-2.0
// QueryResult: what one statement answered: rows, a count of changed rows, or an error; as libpq
// read it, or as it came past libpq. It owns the memory; views of it end with it. One thread.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "direct_reply.h"
#include "encoding/number.h"

namespace MECHA_COMPONENT {

class QueryResult {
 public:
  QueryResult() = default;
  explicit QueryResult(PGresult* result) : result_(result) {}
  explicit QueryResult(DirectReply reply) : reply_(std::move(reply)) {}

  bool is_null() const { return result_ == nullptr && !is_direct(); }
  ExecStatusType kind() const {
    if (!is_direct()) {
      return PQresultStatus(result_.get());
    }
    if (reply_.has_error()) {
      return PGRES_FATAL_ERROR;
    }
    return reply_.has_rows() ? PGRES_TUPLES_OK : PGRES_COMMAND_OK;
  }
  bool is_error() const { return kind() != PGRES_TUPLES_OK && kind() != PGRES_COMMAND_OK; }
  // Of an error. Empty when libpq, not the server, says that the connection is lost.
  std::string_view sqlstate() const {
    return is_direct() ? reply_.sqlstate() : Field(PG_DIAG_SQLSTATE);
  }
  std::string_view message() const {
    return is_direct() ? reply_.message() : Field(PG_DIAG_MESSAGE_PRIMARY);
  }

  int rows() const { return is_direct() ? reply_.rows() : PQntuples(result_.get()); }
  int columns() const { return is_direct() ? reply_.columns() : PQnfields(result_.get()); }
  bool IsNull(int row, int column) const {
    return is_direct() ? reply_.IsNull(row, column) : PQgetisnull(result_.get(), row, column) != 0;
  }
  std::string_view Text(int row, int column) const {
    if (is_direct()) {
      return reply_.Text(row, column);
    }
    return {PQgetvalue(result_.get(), row, column),
            static_cast<size_t>(PQgetlength(result_.get(), row, column))};
  }
  int64_t changed_rows() const {
    const std::string_view tag = reply_.tag();
    return ParseNumber<int64_t>(is_direct() ? tag.substr(tag.rfind(' ') + 1)
                                            : std::string_view(PQcmdTuples(result_.get())))
        .value_or(0);
  }

 private:
  struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  bool is_direct() const { return !reply_.is_empty(); }
  std::string_view Field(int code) const {
    const char* text = PQresultErrorField(result_.get(), code);
    return text == nullptr ? std::string_view() : text;
  }

  std::unique_ptr<PGresult, Clear> result_;
  DirectReply reply_;
};

}  // namespace MECHA_COMPONENT
