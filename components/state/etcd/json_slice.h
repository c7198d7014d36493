// SPDX-License-Identifier: Apache-2.0
// JsonSlice: one value inside a JSON text, found without building a tree: the replies of etcd are
// shallow, and most of their bytes are one base64 string. It does not check what it skips. What is
// not there, or is no JSON, is an empty slice. Views of the text; a value.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace MECHA_COMPONENT {

class JsonSlice {
 public:
  JsonSlice() = default;
  explicit JsonSlice(std::string_view text);

  bool empty() const { return text_.empty(); }
  bool is_object() const { return text_.starts_with('{'); }
  // Of an object; empty when there is none of this name.
  JsonSlice Member(std::string_view name) const;
  // The elements of an array: First, then Next of the one before, until one is empty.
  JsonSlice First() const;
  JsonSlice Next() const;
  // Of a string, what stands between the quotes, escapes and all.
  std::string_view Text() const;
  // Of a number, or of a string that holds one, as protobuf's JSON has them. Nothing counts as 0.
  std::optional<int64_t> Integer() const;
  bool IsTrue() const { return text_ == "true"; }

 private:
  JsonSlice(std::string_view text, std::string_view behind) : text_(text), behind_(behind) {}
  static JsonSlice Take(std::string_view text);

  std::string_view text_;    // the value alone
  std::string_view behind_;  // what follows it in the text
};

}  // namespace MECHA_COMPONENT
