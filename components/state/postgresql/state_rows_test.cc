// SPDX-License-Identifier: Apache-2.0
#include "state_rows.h"

#include "parameters.h"
#include "postgres_options.h"
#include "support/catch.h"

namespace MECHA_COMPONENT {
namespace {

std::string_view At(const Parameters& parameters, int index) {
  return {parameters.values()[index], static_cast<size_t>(parameters.sizes()[index])};
}

StateWrite SetOf(std::string_view value, ValueKind kind) {
  StateWrite write;
  write.key = "k";
  write.value = value;
  write.value_kind = kind;
  return write;
}

TEST_CASE("a key is UTF-8 without NUL") {
  CHECK(CheckKey("gr\xC3\xBC").ok());
  CHECK(CheckKey("").ok());
  CHECK(IsInvalidArgument(CheckKey("\xFF")));
  CHECK(IsInvalidArgument(CheckKey(std::string_view("a\0b", 3))));
}

TEST_CASE("an etag that this layout never makes is INVALID_ARGUMENT") {
  StateWrite write = SetOf("v", ValueKind::kBinary);
  write.condition = Condition::kIfMatch;
  for (const std::string_view etag : {"", "x", "-1", "4294967296", "1 ", "+1"}) {
    write.etag = etag;
    CHECK(IsInvalidArgument(CheckWrite(Layout::kV1, write)));
    CHECK(IsInvalidArgument(CheckWrite(Layout::kV2, write)));
  }
  write.etag = "4294967295";
  CHECK(CheckWrite(Layout::kV1, write).ok());
  write.etag = "4f0cbe3c-0c5e-4c8e-8a53-2f0a5a6f7f10";
  CHECK(CheckWrite(Layout::kV2, write).ok());
  CHECK(IsInvalidArgument(CheckWrite(Layout::kV1, write)));
  write.condition = Condition::kAlways;
  CHECK(CheckWrite(Layout::kV1, write).ok());
}

TEST_CASE("a value is borrowed in v2, and bytes become a base64 text in v1") {
  const std::string bytes("\0\xFF", 2);
  const StateWrite write = SetOf(bytes, ValueKind::kBinary);
  const EncodedWrite v2(Layout::kV2, write);
  CHECK(v2.sql == Sql::kSet);
  REQUIRE(v2.parameters.count() == 3);
  CHECK(v2.parameters.values()[1] == bytes.data());
  CHECK(v2.parameters.values()[2] == nullptr);
  const EncodedWrite v1(Layout::kV1, write);
  REQUIRE(v1.parameters.count() == 4);
  CHECK(At(v1.parameters, 1) == "\"AP8=\"");
  CHECK(At(v1.parameters, 3) == std::string_view("\1", 1));
  const EncodedWrite empty(Layout::kV1, SetOf("", ValueKind::kBinary));
  CHECK(At(empty.parameters, 1) == "\"\"");
  const EncodedWrite json(Layout::kV1, SetOf("[1]", ValueKind::kJson));
  CHECK(At(json.parameters, 1) == "[1]");
  CHECK(At(json.parameters, 3) == std::string_view("\0", 1));
}

TEST_CASE("a value of no bytes is empty, not NULL") {
  const EncodedWrite encoded(Layout::kV2, SetOf({}, ValueKind::kBinary));
  CHECK(encoded.parameters.values()[1] != nullptr);
  CHECK(At(encoded.parameters, 1).empty());
}

TEST_CASE(
    "a time to live goes in milliseconds, and an endless one stops before the calendar does") {
  StateWrite write = SetOf("v", ValueKind::kBinary);
  write.ttl = std::chrono::milliseconds(0x0102030405);
  const EncodedWrite encoded(Layout::kV2, write);
  CHECK(At(encoded.parameters, 2) == std::string_view("\0\0\0\1\2\3\4\5", 8));
  write.ttl = std::chrono::milliseconds(INT64_MAX);
  const EncodedWrite endless(Layout::kV2, write);
  CHECK(At(endless.parameters, 2)[0] == '\0');
}

std::string Encoded(std::span<const std::string_view> texts) {
  ArrayText array(ArrayText::kText, texts.size());
  for (const std::string_view text : texts) {
    array.Add(text);
  }
  return std::string(array.text());
}

TEST_CASE("a list of keys is one array") {
  const std::string_view keys[] = {"a", "bc"};
  CHECK(Encoded(keys) ==
        std::string("\0\0\0\1\0\0\0\1\0\0\0\x19\0\0\0\2\0\0\0\1\0\0\0\1a\0\0\0\2bc", 31));
  CHECK(Encoded({}) == std::string("\0\0\0\0\0\0\0\1\0\0\0\x19", 12));
}

}  // namespace
}  // namespace MECHA_COMPONENT
