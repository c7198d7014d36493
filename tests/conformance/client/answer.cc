// SPDX-License-Identifier: Apache-2.0
#include "conformance/client/answer.h"

namespace conformance {
namespace {

Item ReadItem(const mecha_result* result, size_t index) {
  mecha_item raw{};
  raw.struct_size = sizeof raw;
  Item item;
  item.status = mecha_result_item(result, index, &raw);
  if (item.status != MECHA_OK) {
    return item;
  }
  item.status = raw.status;
  item.group = TextOf(raw.group);
  item.key = TextOf(raw.key);
  item.has_value = raw.value.data != nullptr;
  item.value = TextOf(raw.value);
  item.etag = TextOf(raw.etag);
  item.is_json = (raw.flags & MECHA_ITEM_JSON) != 0;
  item.expires_unix_ms = raw.expires_unix_ms;
  const mecha_error* error = mecha_result_error(result, index);
  item.has_error = error != nullptr;
  item.error = mecha_error_message(error);
  return item;
}

}  // namespace

std::string TextOf(mecha_view view) {
  return view.data == nullptr ? std::string()
                              : std::string(static_cast<const char*>(view.data), view.size);
}

const Item& Answer::only() const {
  static const Item none;
  return items.empty() ? none : items.front();
}

std::string Answer::detail(const std::string& name) const {
  const auto found = details.find(name);
  return found == details.end() ? std::string() : found->second;
}

std::vector<mecha_status> Answer::statuses() const {
  std::vector<mecha_status> all;
  for (const Item& item : items) {
    all.push_back(item.status);
  }
  return all;
}

Answer TakeAnswer(mecha_status status, mecha_result* result) {
  Answer answer;
  answer.status = status;
  if (result == nullptr) {
    return answer;
  }
  mecha_result_info info{};
  info.struct_size = sizeof info;
  if (mecha_result_read(result, &info) == MECHA_OK) {
    answer.has_page = info.page.data != nullptr;
    answer.page = TextOf(info.page);
    answer.is_maybe_applied = (info.flags & MECHA_RESULT_MAYBE_APPLIED) != 0;
    for (size_t i = 0; i < info.count; ++i) {
      answer.items.push_back(ReadItem(result, i));
    }
  }
  const mecha_error* error = mecha_result_error(result, MECHA_RESULT_WHOLE);
  answer.has_error = error != nullptr;
  answer.error = mecha_error_message(error);
  for (const char* name : {"applied", "operation", "component", "type", "max_ops", "index"}) {
    const mecha_view detail = mecha_error_detail(error, name);
    if (detail.data != nullptr) {
      answer.details[name] = TextOf(detail);
    }
  }
  mecha_result_release(result);
  return answer;
}

std::string Words(const Answer& answer) {
  return std::string(mecha_status_name(answer.status)) + ": " + answer.error;
}

}  // namespace conformance
