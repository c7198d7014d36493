// SPDX-License-Identifier: Apache-2.0
// MysqlStatement: the text of one statement. Somebody's bytes become a quoted literal that is safe
// in the sessions this store opens (utf8mb4, backslash escapes on). One thread.
#pragma once

#include <string>
#include <string_view>

namespace MECHA_COMPONENT {

class MysqlStatement {
 public:
  // Words of the statement itself.
  MysqlStatement& Add(std::string_view words) {
    text_ += words;
    return *this;
  }
  MysqlStatement& AddLiteral(std::string_view bytes);

  std::string_view text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace MECHA_COMPONENT
