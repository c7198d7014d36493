// SPDX-License-Identifier: Apache-2.0
#include "value_query.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include "encoding/json.h"
#include "encoding/number.h"
#include "result/status.h"
#include "state_rows.h"

namespace MECHA_COMPONENT {
namespace {

constexpr int64_t kMostRows = 1'000'000;

bool MayStandInSql(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

std::string_view SignOf(QueryFilter::Operator op) {
  switch (op) {
    case QueryFilter::Operator::kNotEqual:
      return " <> ";
    case QueryFilter::Operator::kGreater:
      return " > ";
    case QueryFilter::Operator::kGreaterOrEqual:
      return " >= ";
    case QueryFilter::Operator::kLess:
      return " < ";
    case QueryFilter::Operator::kLessOrEqual:
      return " <= ";
    case QueryFilter::Operator::kEqual:
    case QueryFilter::Operator::kIn:
    case QueryFilter::Operator::kAnd:
    case QueryFilter::Operator::kOr:
      break;
  }
  return " = ";
}

class QueryWriter {
 public:
  std::string Parameter(std::string text) {
    text_.parameters.push_back(std::move(text));
    return "$" + std::to_string(text_.parameters.size());
  }
  QueryWriter& operator<<(std::string_view part) {
    text_.sql += part;
    return *this;
  }

  // As the caller's filter checked its depth, recursion is bounded.
  Status Add(const QueryFilter& filter) {
    switch (filter.op) {
      case QueryFilter::Operator::kAnd:
        return AddJoined(filter, " AND ");
      case QueryFilter::Operator::kOr:
        return AddJoined(filter, " OR ");
      case QueryFilter::Operator::kIn:
        return AddIn(filter);
      default:
        return AddComparison(filter);
    }
  }

  Status AddOrder(std::span<const QuerySort> sort) {
    *this << " ORDER BY ";
    for (const QuerySort& each : sort) {
      ASSIGN_OR_RETURN(const std::string member, Member(each.path));
      *this << member << (each.is_descending ? " DESC, " : " ASC, ");
    }
    *this << "key COLLATE \"C\"";
    return OkStatus();
  }

  QueryText Take() { return std::move(text_); }

 private:
  // value->'person'->'org'
  static StatusOr<std::string> Member(const QueryPath& path) {
    std::string member = "value";
    for (const std::string& name : path) {
      if (!MayStandInSql(name)) {
        return InvalidArgument("a member's name in the query is not letters, digits, _ and -");
      }
      member += "->'" + name + "'";
    }
    return path.empty() ? StatusOr<std::string>(InvalidArgument("the query names no member"))
                        : member;
  }

  // As JSON and not as text to be converted: that would be done again for every row.
  std::string Operand(const QueryOperand& operand) {
    if (operand.kind != QueryOperand::Kind::kString) {
      return Parameter(operand.text) + "::jsonb";
    }
    std::string json;
    AppendJsonString(json, operand.text);
    return Parameter(std::move(json)) + "::jsonb";
  }

  Status AddJoined(const QueryFilter& filter, std::string_view word) {
    *this << "(";
    for (const QueryFilter& child : filter.children) {
      *this << (&child == filter.children.data() ? "" : word);
      RETURN_IF_ERROR(Add(child));
    }
    *this << ")";
    return OkStatus();
  }

  Status AddIn(const QueryFilter& filter) {
    ASSIGN_OR_RETURN(const std::string member, Member(filter.path));
    *this << member << " IN (";
    for (const QueryOperand& operand : filter.operands) {
      *this << (&operand == filter.operands.data() ? "" : ", ") << Operand(operand);
    }
    *this << ")";
    return OkStatus();
  }

  // jsonb orders values of different types too, so an order is asked of one type only.
  Status AddComparison(const QueryFilter& filter) {
    ASSIGN_OR_RETURN(const std::string member, Member(filter.path));
    const QueryOperand& operand = filter.operands.front();
    const bool is_order =
        filter.op != QueryFilter::Operator::kEqual && filter.op != QueryFilter::Operator::kNotEqual;
    *this << "(" << member << SignOf(filter.op) << Operand(operand);
    if (is_order) {
      *this << " AND jsonb_typeof(" << member
            << ") = " << (operand.kind == QueryOperand::Kind::kString ? "'string'" : "'number'");
    }
    *this << ")";
    return OkStatus();
  }

  QueryText text_;
};

StatusOr<int64_t> StartOf(std::string_view position) {
  const auto start = position.empty() ? 0 : ParseNumber<int64_t>(position);
  if (!start.has_value() || *start < 0 || *start > INT64_MAX - kMostRows) {
    return InvalidArgument("the position is damaged; start the query again without one");
  }
  return *start;
}

int64_t LimitOf(const QueryRequest& request) {
  return static_cast<int64_t>(std::min<size_t>(request.limit, kMostRows));
}

}  // namespace

StatusOr<QueryText> TextOf(const PostgresOptions& options, const QueryRequest& request) {
  RETURN_IF_ERROR(CheckKey(request.prefix));
  ASSIGN_OR_RETURN(const int64_t start, StartOf(request.position));
  QueryWriter text;
  // Binary values are texts of base64 in the table: they have no members and order by none.
  text << "SELECT value, xmin::text, expiredate, isbinary, key FROM " << options.table
       << " WHERE starts_with(key, " << text.Parameter(std::string(request.prefix))
       << "::text) AND (expiredate IS NULL OR expiredate > now())";
  if (request.filter != nullptr) {
    text << " AND ";
    RETURN_IF_ERROR(text.Add(*request.filter));
  }
  RETURN_IF_ERROR(text.AddOrder(request.sort));
  text << " LIMIT " << std::to_string(LimitOf(request) + 1) << " OFFSET " << std::to_string(start);
  return text.Take();
}

StatusOr<QueryPage> FindValues(PostgresPool& pool, const CallContext& call,
                               const QueryRequest& request) {
  ASSIGN_OR_RETURN(const QueryText text, TextOf(pool.options(), request));
  ASSIGN_OR_RETURN(const PostgresLease lease, pool.Take(call));
  ASSIGN_OR_RETURN(const QueryResult result,
                   lease->ExchangeText(call, text.sql, text.parameters, /*wants_binary=*/true));
  if (result.is_error()) {
    return lease->ErrorOf(result);
  }
  RETURN_IF_ERROR(lease->CheckRows(result, /*is_of_many=*/true));
  QueryPage page;
  const int count = std::min(result.rows(), static_cast<int>(LimitOf(request)));
  for (int row = 0; row < count; ++row) {
    ASSIGN_OR_RETURN(StateValue value, ReadValue(Layout::kV1, result, row));
    page.items.push_back({std::string(result.Text(row, kKeyColumn)), std::move(value)});
  }
  if (result.rows() > count) {
    ASSIGN_OR_RETURN(const int64_t start, StartOf(request.position));
    page.next = std::to_string(start + count);
  }
  return page;
}

}  // namespace MECHA_COMPONENT
