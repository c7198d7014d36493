// SPDX-License-Identifier: Apache-2.0
// Answer: what an operation returned, copied out of its mecha_result so that tests compare plain
// values. It owns everything and belongs to one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "mecha/mecha.h"

namespace conformance {

inline mecha_view ViewOf(std::string_view text) {
  return {text.data() == nullptr ? "" : text.data(), text.size()};
}
// Absent when empty.
inline mecha_view OptionalView(std::string_view text) {
  return text.empty() ? mecha_view{nullptr, 0} : ViewOf(text);
}
std::string TextOf(mecha_view view);

struct Item {
  mecha_status status = MECHA_OK;
  std::string group;
  std::string key;
  std::string value;
  std::string etag;
  bool has_value = false;
  bool is_json = false;
  int64_t expires_unix_ms = 0;
  bool has_error = false;
  std::string error;
};

struct Answer {
  mecha_status status = MECHA_OK;
  std::vector<Item> items;
  bool has_page = false;
  std::string page;
  bool is_maybe_applied = false;
  bool has_error = false;
  std::string error;
  // "applied", "operation", "component", "max_ops", "index": those that are there.
  std::map<std::string, std::string> details;

  bool ok() const { return status == MECHA_OK; }
  // Item 0, or an empty one.
  const Item& only() const;
  std::string detail(const std::string& name) const;
  std::vector<mecha_status> statuses() const;
};

// Reads and releases `result`, which may be NULL.
Answer TakeAnswer(mecha_status status, mecha_result* result);

// For messages: "ABORTED: etag 3 is not the stored one".
std::string Words(const Answer& answer);

}  // namespace conformance
