// SPDX-License-Identifier: Apache-2.0
#include "mysql_statement.h"

#include <algorithm>

namespace MECHA_COMPONENT {

MysqlStatement& MysqlStatement::AddLiteral(std::string_view bytes) {
  constexpr std::string_view kSpecial("\0'\"\\\n\r\x1a", 7);
  constexpr std::string_view kLetters = "0'\"\\nrZ";
  text_.reserve(text_.size() + bytes.size() + 2);
  text_ += '\'';
  for (size_t start = 0; start < bytes.size();) {
    const size_t end = std::min(bytes.find_first_of(kSpecial, start), bytes.size());
    text_ += bytes.substr(start, end - start);
    if (end < bytes.size()) {
      text_ += '\\';
      text_ += kLetters[kSpecial.find(bytes[end])];
    }
    start = end + 1;
  }
  text_ += '\'';
  return *this;
}

}  // namespace MECHA_COMPONENT
