// SPDX-License-Identifier: Apache-2.0
// Feeds the JSON scanner with anything. What is checked: it says what nlohmann-json says, an error
// has a reason and a place, and a string that was taken is written so that it reads back the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "encoding/json.h"
#include "encoding/json_scanner.h"
#include "support/json_reference.h"

namespace {

void Demand(bool condition) {
  if (!condition) {
    std::abort();
  }
}

std::string TextOf(const mecha::JsonValue& value) {
  std::string text(value.inner().size(), '\0');
  text.resize(mecha::UnescapeJson(value.inner(), text.data()));
  return text;
}

void WriteAndReadBack(const std::string& text) {
  std::string json;
  mecha::AppendJsonString(json, text);
  mecha::JsonScanner scanner(json);
  const std::optional<mecha::JsonValue> value = scanner.TakeValue();
  Demand(value.has_value() && TextOf(*value) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::optional<bool> expected = mecha::ReferenceIsJson(text);
  Demand(!expected.has_value() || mecha::IsJson(text) == *expected);
  mecha::JsonScanner scanner(text, 3);
  const std::optional<mecha::JsonValue> value = scanner.TakeValue();
  Demand(scanner.position() <= size);
  Demand(value.has_value() || scanner.error() != nullptr);
  if (value.has_value() && value->kind == mecha::JsonKind::kString) {
    WriteAndReadBack(TextOf(*value));
  }
  return 0;
}
