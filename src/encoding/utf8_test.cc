// SPDX-License-Identifier: Apache-2.0
#include "encoding/utf8.h"

#include <string>

#include "support/catch.h"

namespace mecha {
namespace {

TEST_CASE("valid UTF-8 of every length is accepted") {
  CHECK(IsValidUtf8(""));
  CHECK(IsValidUtf8("plain ascii that is longer than eight bytes"));
  CHECK(
      IsValidUtf8("\xC2\x80 \xDF\xBF \xE0\xA0\x80 \xEF\xBF\xBF \xF0\x90\x80\x80 \xF4\x8F\xBF\xBF"));
  CHECK(IsValidUtf8(std::string_view("nul \0 inside", 12)));
}

TEST_CASE("one byte that is not ASCII is seen wherever it stands") {
  for (const size_t size : {1, 3, 7, 8, 9, 15, 127, 128, 129, 300}) {
    std::string text(size, 'a');
    CHECK(IsAscii(text));
    for (size_t at = 0; at < size; ++at) {
      text[at] = '\x80';
      CHECK_FALSE(IsAscii(text));
      CHECK(ValidUtf8Prefix(text) == at);
      text[at] = 'a';
    }
  }
  CHECK(IsAscii(""));
}

TEST_CASE("overlong forms, surrogates, truncation and stray bytes are refused") {
  for (const char* text : {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x20",
                           "\xE0\x80\x80", "\xE0\xA0", "\xED\xA0\x80", "\xF0\x80\x80\x80",
                           "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xF0\x90\x80"}) {
    const std::string padded = std::string("12345678901") + text;
    CHECK_FALSE(IsValidUtf8(text));
    CHECK(ValidUtf8Prefix(padded) == 11);
  }
}

}  // namespace
}  // namespace mecha
