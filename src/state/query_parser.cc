// SPDX-License-Identifier: Apache-2.0
#include "state/query_parser.h"

#include <algorithm>
#include <array>
#include <utility>

#include "encoding/ascii.h"
#include "encoding/number.h"
#include "encoding/quoted.h"
#include "result/status.h"
#include "state/query_json.h"

namespace mecha {
namespace {

using Kind = JsonKind;
using Operator = QueryFilter::Operator;

constexpr std::string_view kOperators = "EQ, NEQ, GT, GTE, LT, LTE, IN, AND, OR";
constexpr std::array<std::pair<std::string_view, Operator>, 9> kNames = {{
    {"EQ", Operator::kEqual},
    {"NEQ", Operator::kNotEqual},
    {"GT", Operator::kGreater},
    {"GTE", Operator::kGreaterOrEqual},
    {"LT", Operator::kLess},
    {"LTE", Operator::kLessOrEqual},
    {"IN", Operator::kIn},
    {"AND", Operator::kAnd},
    {"OR", Operator::kOr},
}};
// Longer ones are no quantities; a database may not take them.
constexpr size_t kLongestNumber = 40;

Status Mistake(const std::string& where, std::string_view what) {
  return InvalidArgument("query: " + where + " " + std::string(what));
}

bool IsMemberName(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return IsDigit(c) || (ToLower(c) >= 'a' && ToLower(c) <= 'z') || c == '_' || c == '-';
  });
}

StatusOr<QueryPath> ReadPath(std::string_view text, const std::string& where) {
  QueryPath path;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find('.', start), text.size());
    const std::string_view name = text.substr(start, end - start);
    if (!IsMemberName(name)) {
      return Mistake(where, "names the member " + Quoted(text) +
                                "; a name is letters, digits, _ and -, with dots between");
    }
    if (path.size() == QueryLimits::kDeepestMember) {
      return Mistake(where, "names a member deeper than 16 names; that is the limit");
    }
    path.emplace_back(name);
    start = end + 1;
  }
  return path;
}

// What 1e-500 would be: a database may refuse it.
bool IsTooLong(const JsonNode& number) {
  const size_t exponent = number.text.find_first_of("eE");
  return number.text.size() > kLongestNumber ||
         (exponent != std::string::npos && number.text.size() - exponent > 5);
}

StatusOr<QueryOperand> ReadOperand(const JsonNode& node, const std::string& where) {
  QueryOperand operand;
  operand.text = node.text;
  switch (node.kind) {
    case Kind::kNull:
      return operand;
    case Kind::kBoolean:
      operand.kind = QueryOperand::Kind::kBoolean;
      return operand;
    case Kind::kNumber:
      operand.kind = QueryOperand::Kind::kNumber;
      return IsTooLong(node) ? StatusOr<QueryOperand>(Mistake(where, "has too long a number"))
                             : operand;
    case Kind::kString:
      operand.kind = QueryOperand::Kind::kString;
      return node.text.find('\0') != std::string::npos
                 ? StatusOr<QueryOperand>(Mistake(where, "has a text with \\u0000 in it"))
                 : operand;
    case Kind::kArray:
    case Kind::kObject:
      break;
  }
  return Mistake(where, "compares with an object or a list; give a text, a number, true or null");
}

class FilterReader {
 public:
  StatusOr<QueryFilter> Read(const JsonNode& node, const std::string& where, size_t depth) {
    if (depth > QueryLimits::kDeepest) {
      return Mistake(where, "is deeper than 16 operators; make it flatter");
    }
    if (node.kind != Kind::kObject || node.children.size() != 1) {
      return Mistake(where,
                     "is not an object with one operator; one of " + std::string(kOperators));
    }
    if (++operators_ > QueryLimits::kMostOperators) {
      return Mistake(where, "is the 257th operator, and 256 are the limit");
    }
    const JsonNode& child = node.children.front();
    const auto known =
        std::ranges::find(kNames, child.name, [](const auto& row) { return row.first; });
    if (known == kNames.end()) {
      return Mistake(where, "has the operator " + Quoted(child.name) + "; it is one of " +
                                std::string(kOperators));
    }
    QueryFilter filter;
    filter.op = known->second;
    const std::string place = where + "." + child.name;
    const bool is_join = filter.op == Operator::kAnd || filter.op == Operator::kOr;
    RETURN_IF_ERROR(is_join ? ReadChildren(child, place, depth, &filter)
                            : ReadComparison(child, place, &filter));
    return filter;
  }

 private:
  Status ReadChildren(const JsonNode& list, const std::string& where, size_t depth,
                      QueryFilter* filter) {
    if (list.kind != Kind::kArray || list.children.empty()) {
      return Mistake(where, "is not a list of one filter or more");
    }
    for (const JsonNode& child : list.children) {
      const auto index = static_cast<size_t>(&child - list.children.data());
      ASSIGN_OR_RETURN(QueryFilter read,
                       Read(child, where + "[" + std::to_string(index) + "]", depth + 1));
      filter->children.push_back(std::move(read));
    }
    return OkStatus();
  }

  Status ReadComparison(const JsonNode& node, const std::string& where, QueryFilter* filter) {
    if (node.kind != Kind::kObject || node.children.size() != 1) {
      return Mistake(where, "is not an object with one member and what to compare it with");
    }
    const JsonNode& member = node.children.front();
    ASSIGN_OR_RETURN(filter->path, ReadPath(member.name, where));
    if (filter->op == Operator::kIn) {
      return ReadList(member, where, filter);
    }
    RETURN_IF_ERROR(AddOperand(member, where, filter));
    const bool is_order = filter->op != Operator::kEqual && filter->op != Operator::kNotEqual;
    const bool has_order = member.kind == Kind::kNumber || member.kind == Kind::kString;
    return is_order && !has_order
               ? Mistake(where, "compares by size with neither a number nor a text")
               : OkStatus();
  }

  Status ReadList(const JsonNode& list, const std::string& where, QueryFilter* filter) {
    if (list.kind != Kind::kArray || list.children.empty()) {
      return Mistake(where, "does not compare with a list of one value or more");
    }
    for (const JsonNode& each : list.children) {
      RETURN_IF_ERROR(AddOperand(each, where, filter));
    }
    return OkStatus();
  }

  Status AddOperand(const JsonNode& node, const std::string& where, QueryFilter* filter) {
    if (++values_ > QueryLimits::kMostValues) {
      return Mistake(where, "has the 1025th value to compare with, and 1024 are the limit");
    }
    ASSIGN_OR_RETURN(QueryOperand operand, ReadOperand(node, where));
    filter->operands.push_back(std::move(operand));
    return OkStatus();
  }

  size_t operators_ = 0;
  size_t values_ = 0;
};

StatusOr<QuerySort> ReadSort(const JsonNode& node, const std::string& where) {
  QuerySort sort;
  const JsonNode* key = node.Find("key");
  if (node.kind != Kind::kObject || key == nullptr || key->kind != Kind::kString) {
    return Mistake(where, "is not an object with the text \"key\"");
  }
  ASSIGN_OR_RETURN(sort.path, ReadPath(key->text, where + ".key"));
  const JsonNode* order = node.Find("order");
  if (node.children.size() > (order == nullptr ? 1U : 2U)) {
    return Mistake(where, "has more than \"key\" and \"order\"");
  }
  if (order != nullptr) {
    sort.is_descending = EqualsIgnoringCase(order->text, "DESC");
    if (order->kind != Kind::kString ||
        (!sort.is_descending && !EqualsIgnoringCase(order->text, "ASC"))) {
      return Mistake(where + ".order", "is neither \"ASC\" nor \"DESC\"");
    }
  }
  return sort;
}

Status ReadSorts(const JsonNode& list, ParsedQuery* query) {
  if (list.kind != Kind::kArray || list.children.size() > QueryLimits::kMostOperators) {
    return Mistake("sort", "is not a list, of 256 members at most");
  }
  for (const JsonNode& node : list.children) {
    const auto index = static_cast<size_t>(&node - list.children.data());
    ASSIGN_OR_RETURN(QuerySort sort, ReadSort(node, "sort[" + std::to_string(index) + "]"));
    query->sort.push_back(std::move(sort));
  }
  return OkStatus();
}

Status ReadPage(const JsonNode& page, ParsedQuery* query) {
  if (page.kind != Kind::kObject) {
    return Mistake("page", "is not an object");
  }
  for (const JsonNode& member : page.children) {
    if (member.name == "limit" && member.kind == Kind::kNumber) {
      const auto limit = ParseNumber<uint32_t>(member.text);
      if (!limit.has_value()) {
        return Mistake("page.limit", "is not a whole number from 0");
      }
      query->limit = *limit;
    } else if (member.name == "token" && member.kind == Kind::kString) {
      query->token = member.text;
    } else {
      return Mistake("page", "has the member " + Quoted(member.name) +
                                 "; it may have the number \"limit\" and the text \"token\"");
    }
  }
  return OkStatus();
}

Status ReadMember(const JsonNode& member, ParsedQuery* query) {
  if (member.name == "filter") {
    if (member.kind == Kind::kObject && member.children.empty()) {
      return OkStatus();
    }
    ASSIGN_OR_RETURN(query->filter, FilterReader().Read(member, "filter", 1));
    return OkStatus();
  }
  if (member.name == "sort") {
    return ReadSorts(member, query);
  }
  if (member.name == "page") {
    return ReadPage(member, query);
  }
  return InvalidArgument("query: the member " + Quoted(member.name) +
                         " is unknown; there are filter, sort and page");
}

// No name of a member holds what stands between the parts; operands have their size before them.
void Append(std::string* text, const QueryPath& path) {
  for (const std::string& name : path) {
    text->append(".").append(name);
  }
}

void Append(std::string* text, const QueryFilter& filter) {
  text->append("(").append(std::to_string(static_cast<int>(filter.op)));
  Append(text, filter.path);
  for (const QueryOperand& operand : filter.operands) {
    text->append("=").append(std::to_string(static_cast<int>(operand.kind))).append(":");
    text->append(std::to_string(operand.text.size())).append(":").append(operand.text);
  }
  for (const QueryFilter& child : filter.children) {
    Append(text, child);
  }
  text->append(")");
}

}  // namespace

StatusOr<ParsedQuery> ParseQuery(std::string_view text) {
  if (text.size() > QueryLimits::kMostBytes) {
    return InvalidArgument("the query has " + std::to_string(text.size()) +
                           " bytes and the limit is 65536; ask with fewer values");
  }
  ASSIGN_OR_RETURN(const JsonNode root, ParseQueryJson(text));
  if (root.kind != Kind::kObject) {
    return InvalidArgument("the query is not a JSON object with filter, sort and page");
  }
  ParsedQuery query;
  for (const JsonNode& member : root.children) {
    RETURN_IF_ERROR(ReadMember(member, &query));
  }
  return query;
}

std::string FingerprintOf(const ParsedQuery& query) {
  std::string text;
  if (query.filter.has_value()) {
    Append(&text, *query.filter);
  }
  for (const QuerySort& sort : query.sort) {
    text += sort.is_descending ? ">" : "<";
    Append(&text, sort.path);
  }
  return text;
}

}  // namespace mecha
