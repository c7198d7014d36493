// SPDX-License-Identifier: Apache-2.0
// QueryResult: what one statement answered: rows, a count of changed rows, or an error. It owns
// libpq's memory; views of it end with it. One thread.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "encoding/number.h"

namespace MECHA_COMPONENT {

class QueryResult {
 public:
  QueryResult() = default;
  explicit QueryResult(PGresult* result) : result_(result) {}

  bool is_null() const { return result_ == nullptr; }
  ExecStatusType kind() const { return PQresultStatus(result_.get()); }
  bool is_error() const { return kind() != PGRES_TUPLES_OK && kind() != PGRES_COMMAND_OK; }
  // Of an error. Empty when libpq, not the server, says that the connection is lost.
  std::string_view sqlstate() const { return Field(PG_DIAG_SQLSTATE); }
  std::string_view message() const { return Field(PG_DIAG_MESSAGE_PRIMARY); }

  int rows() const { return PQntuples(result_.get()); }
  int columns() const { return PQnfields(result_.get()); }
  bool IsNull(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
  std::string_view Text(int row, int column) const {
    return {PQgetvalue(result_.get(), row, column),
            static_cast<size_t>(PQgetlength(result_.get(), row, column))};
  }
  int64_t changed_rows() const {
    return ParseNumber<int64_t>(PQcmdTuples(result_.get())).value_or(0);
  }

 private:
  struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  std::string_view Field(int code) const {
    const char* text = PQresultErrorField(result_.get(), code);
    return text == nullptr ? std::string_view() : text;
  }

  std::unique_ptr<PGresult, Clear> result_;
};

}  // namespace MECHA_COMPONENT
