// SPDX-License-Identifier: Apache-2.0
#include "value_query.h"

#include "support/catch.h"

namespace MECHA_COMPONENT {
namespace {

using Operator = QueryFilter::Operator;
using Kind = QueryOperand::Kind;

const std::string kStart =
    "SELECT value, xmin::text, expiredate, isbinary, key FROM \"state\" WHERE starts_with(key, "
    "$1::text) AND (expiredate IS NULL OR expiredate > now())";

QueryFilter Compare(Operator op, QueryPath path, std::vector<QueryOperand> operands) {
  return {op, std::move(path), std::move(operands), {}};
}

StatusOr<QueryText> TextOfFilter(const QueryFilter* filter, std::span<const QuerySort> sort = {},
                                 std::string_view position = {}) {
  PostgresOptions options;
  options.layout = Layout::kV1;
  options.table = "\"state\"";
  return TextOf(
      options,
      {.prefix = "app||", .filter = filter, .sort = sort, .limit = 10, .position = position});
}

TEST_CASE("a query without a filter reads all that is live, by key") {
  const auto text = TextOfFilter(nullptr);
  REQUIRE(text.ok());
  CHECK(text->sql == kStart + " ORDER BY key COLLATE \"C\" LIMIT 11 OFFSET 0");
  CHECK(text->parameters == std::vector<std::string>{"app||"});
}

TEST_CASE("what is compared with is a parameter, whatever it holds") {
  const std::string evil = "'; DROP TABLE \"state\"; --";
  const QueryFilter filter{
      Operator::kOr,
      {},
      {},
      {Compare(Operator::kEqual, {"person", "org"}, {{Kind::kString, evil}}),
       {Operator::kAnd,
        {},
        {},
        {Compare(Operator::kGreaterOrEqual, {"age"}, {{Kind::kNumber, "30"}}),
         Compare(Operator::kLess, {"name"}, {{Kind::kString, "M"}}),
         Compare(Operator::kNotEqual, {"is-old"}, {{Kind::kBoolean, "true"}}),
         Compare(Operator::kIn, {"s"}, {{Kind::kString, "CA"}, {Kind::kNull, "null"}})}}}};
  const auto text = TextOfFilter(&filter);
  REQUIRE(text.ok());
  CHECK(text->sql ==
        kStart +
            " AND ((value->'person'->'org' = $2::jsonb) OR "
            "((value->'age' >= $3::jsonb AND jsonb_typeof(value->'age') = 'number') AND "
            "(value->'name' < $4::jsonb AND jsonb_typeof(value->'name') = 'string') AND "
            "(value->'is-old' <> $5::jsonb) AND value->'s' IN ($6::jsonb, $7::jsonb)))"
            " ORDER BY key COLLATE \"C\" LIMIT 11 OFFSET 0");
  CHECK(text->parameters == std::vector<std::string>{"app||", R"("'; DROP TABLE \"state\"; --")",
                                                     "30", R"("M")", "true", R"("CA")", "null"});
}

TEST_CASE("the order ends with the key, so pages fit together") {
  const std::vector<QuerySort> sort = {{{"state"}, true}, {{"person", "id"}, false}};
  const auto text = TextOfFilter(nullptr, sort, "20");
  REQUIRE(text.ok());
  CHECK(text->sql == kStart +
                         " ORDER BY value->'state' DESC, value->'person'->'id' ASC, "
                         "key COLLATE \"C\" LIMIT 11 OFFSET 20");
}

TEST_CASE("names that may not stand in SQL and damaged positions are refused") {
  for (const char* name : {"a'b", "", "a b", "\xC3\xBC"}) {
    const QueryFilter filter = Compare(Operator::kEqual, {name}, {{Kind::kNumber, "1"}});
    CHECK(IsInvalidArgument(TextOfFilter(&filter).status()));
    const std::vector<QuerySort> sort = {{{name}, false}};
    CHECK(IsInvalidArgument(TextOfFilter(nullptr, sort).status()));
  }
  const QueryFilter no_path = Compare(Operator::kEqual, {}, {{Kind::kNumber, "1"}});
  CHECK(IsInvalidArgument(TextOfFilter(&no_path).status()));
  for (const char* position : {"x", "-1", "1 OR 1", "99999999999999999999"}) {
    CHECK(IsInvalidArgument(TextOfFilter(nullptr, {}, position).status()));
  }
}

}  // namespace
}  // namespace MECHA_COMPONENT
