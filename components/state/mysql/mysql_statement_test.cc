// SPDX-License-Identifier: Apache-2.0
#include "mysql_statement.h"

#include "support/catch.h"

namespace MECHA_COMPONENT {
namespace {

TEST_CASE("a literal ends where its bytes end") {
  MysqlStatement statement;
  statement.Add("SELECT ").AddLiteral("it's").Add(", ").AddLiteral("");
  CHECK(statement.text() == "SELECT 'it\\'s', ''");
  MysqlStatement odd;
  odd.AddLiteral(std::string_view("\0'\"\\\n\r\x1a", 7));
  CHECK(odd.text() == "'\\0\\'\\\"\\\\\\n\\r\\Z'");
}

}  // namespace
}  // namespace MECHA_COMPONENT
