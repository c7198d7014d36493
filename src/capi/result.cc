// SPDX-License-Identifier: Apache-2.0
#include "mecha/result.h"

#include "capi/convert.h"
#include "capi/handles.h"
#include "capi/submit.h"

namespace mecha::capi {
namespace {

int64_t ToUnixMilliseconds(const std::optional<WallTime>& time) {
  if (!time.has_value()) {
    return 0;
  }
  return std::chrono::duration_cast<std::chrono::milliseconds>(time->time_since_epoch()).count();
}

mecha_item ToItem(const ResultItem& from) {
  mecha_item item{};
  item.status = ToStatus(from.status);
  item.group = ToView(from.group);
  item.key = ToView(from.key);
  if (!from.status.ok()) {
    return item;
  }
  item.flags = from.is_json ? MECHA_ITEM_JSON : 0;
  item.value = ToView(from.value.view());
  if (!from.etag.empty()) {
    item.etag = ToView(from.etag.view());
  }
  item.number = from.number;
  item.expires_unix_ms = ToUnixMilliseconds(from.expires);
  return item;
}

}  // namespace
}  // namespace mecha::capi

using mecha::Error;
using mecha::Result;
using mecha::Retryability;
using mecha::capi::FromHandle;

extern "C" {

mecha_status mecha_result_read(const mecha_result* result, mecha_result_info* info) {
  if (result == nullptr || info == nullptr) {
    return MECHA_INVALID_ARGUMENT;
  }
  const Result& read = *FromHandle(result);
  mecha_result_info known{};
  known.status = mecha::capi::StatusOfDone(read);
  known.flags = read.may_be_applied() && !read.status().ok() ? MECHA_RESULT_MAYBE_APPLIED : 0;
  known.count = read.items().size();
  if (!read.page().empty()) {
    known.page = mecha::capi::ToView(read.page());
  }
  known.number = read.tries();
  return mecha::capi::WriteStruct(&known, sizeof known, info);
}

mecha_status mecha_result_item(const mecha_result* result, size_t index, mecha_item* item) {
  if (result == nullptr || item == nullptr) {
    return MECHA_INVALID_ARGUMENT;
  }
  const auto items = FromHandle(result)->items();
  if (index >= items.size()) {
    return MECHA_OUT_OF_RANGE;
  }
  const mecha_item known = mecha::capi::ToItem(items[index]);
  return mecha::capi::WriteStruct(&known, sizeof known, item);
}

const mecha_error* mecha_result_error(const mecha_result* result, size_t index) {
  if (result == nullptr) {
    return nullptr;
  }
  const Result& read = *FromHandle(result);
  if (index == MECHA_RESULT_WHOLE) {
    return mecha::capi::ToError(read.error());
  }
  const auto items = read.items();
  return index < items.size() ? mecha::capi::ToError(items[index].error.get()) : nullptr;
}

mecha_status mecha_result_metadata(const mecha_result* result, uint32_t kind, size_t,
                                   mecha_kv* entry) {
  if (result == nullptr || entry == nullptr || kind > MECHA_METADATA_TRAILERS) {
    return MECHA_INVALID_ARGUMENT;
  }
  return MECHA_OUT_OF_RANGE;  // only requests have any: mecha_request_metadata
}

mecha_result* mecha_result_retain(mecha_result* result) {
  if (result != nullptr) {
    FromHandle(result)->Retain();
  }
  return result;
}

void mecha_result_release(mecha_result* result) {
  if (result != nullptr) {
    FromHandle(result)->Release();
  }
}

mecha_status mecha_error_status(const mecha_error* error) {
  return error == nullptr ? MECHA_OK : -error->error.code;
}

const char* mecha_error_message(const mecha_error* error) {
  return error == nullptr ? "" : error->error.message.c_str();
}

mecha_view mecha_error_detail(const mecha_error* error, const char* name) {
  if (error == nullptr || name == nullptr) {
    return {nullptr, 0};
  }
  const std::string* detail = error->error.FindDetail(name);
  return detail == nullptr ? mecha_view{nullptr, 0} : mecha::capi::ToView(*detail);
}

int32_t mecha_error_retryable(const mecha_error* error) {
  if (error == nullptr) {
    return MECHA_RETRYABLE_NO;
  }
  switch (error->error.retryability) {
    case Retryability::kNo:
      return MECHA_RETRYABLE_NO;
    case Retryability::kSafe:
      return MECHA_RETRYABLE_SAFE;
    case Retryability::kOnlyIfIdempotent:
      return MECHA_RETRYABLE_ONLY_IF_IDEMPOTENT;
  }
  return MECHA_RETRYABLE_NO;
}

void mecha_error_free(mecha_error* error) { delete error; }

}  // extern "C"
