// SPDX-License-Identifier: Apache-2.0
// JSON read in place for expressions: no tree is built, a lookup walks over the text. Not a
// validator: text that is not JSON is noticed only where that matters for what is asked. Never
// reads outside of the text, and never recurses. Charges what it reads to the arena.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "expression/cel_value.h"

namespace mecha {

// The value of `json`, the text of one JSON value. Numbers are doubles, as in CEL. An error when it
// is malformed, a number does not fit, or the arena is exhausted.
CelValue ValueOfJson(std::string_view json, CelArena& arena);

// The value under `key` in the text of a JSON object, the last one when it stands there twice.
// Nothing when there is none; errors as above.
std::optional<CelValue> FindInJson(std::string_view object, std::string_view key, CelArena& arena);

// Walks over the entries of a JSON array or object.
class JsonWalk {
 public:
  // `container` is the text of an array or object.
  explicit JsonWalk(std::string_view container);

  // False at the end, and when the text is malformed.
  bool Next();
  bool is_broken() const { return is_broken_; }
  // Of the entry that Next went to: the raw key, without its quotes, and the raw value.
  std::string_view raw_key() const { return key_; }
  std::string_view value() const { return value_; }

 private:
  bool ReadEntry();
  bool Break();

  std::string_view rest_;
  bool is_object_ = false;
  bool is_first_ = true;
  bool is_done_ = false;
  bool is_broken_ = false;
  std::string_view key_;
  std::string_view value_;
};

// Whether the raw text between the quotes of a JSON string says `text`.
bool IsJsonText(std::string_view raw, std::string_view text);

// The text of a raw JSON string, unescaped into the arena if need be.
CelValue TextOfJson(std::string_view raw, CelArena& arena);

}  // namespace mecha
