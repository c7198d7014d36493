// SPDX-License-Identifier: Apache-2.0
#include "conformance/client/state_client.h"

#include <algorithm>

#include "support/catch.h"

namespace conformance {
namespace {

template <class Options>
Options Sized() {
  Options options{};
  options.struct_size = sizeof options;
  return options;
}

mecha_state_op OpOf(const Write& write) {
  mecha_state_op op{};
  op.kind = write.is_delete ? MECHA_STATE_DELETE : MECHA_STATE_SET;
  op.flags = write.options.is_first_write ? uint32_t{MECHA_STATE_FIRST_WRITE} : 0;
  op.key = ViewOf(write.key);
  if (!write.is_delete) {
    op.value = {write.value.data(), write.value.size(), nullptr, nullptr};
  }
  op.etag = OptionalView(write.options.etag);
  op.content_type = OptionalView(write.options.content_type);
  op.ttl_ms = write.options.ttl_ms;
  return op;
}

}  // namespace

Answer StateClient::Get(std::string_view key, const mecha_call* call, uint32_t consistency) const {
  auto options = Sized<mecha_state_get_options>();
  options.consistency = consistency;
  mecha_result* result = nullptr;
  const mecha_status status =
      mecha_state_get(runtime_, call, ViewOf(store_), ViewOf(key), &options, &result);
  return TakeAnswer(status, result);
}

Answer StateClient::GetMany(const std::vector<std::string>& keys, const mecha_call* call) const {
  std::vector<mecha_view> views;
  for (const std::string& key : keys) {
    views.push_back(ViewOf(key));
  }
  mecha_result* result = nullptr;
  const mecha_status status = mecha_state_get_many(runtime_, call, ViewOf(store_), views.data(),
                                                   views.size(), nullptr, &result);
  return TakeAnswer(status, result);
}

Answer StateClient::Set(std::string_view key, std::string_view value, const WriteOptions& options,
                        const mecha_call* call) const {
  auto set = Sized<mecha_state_set_options>();
  set.flags = options.is_first_write ? uint32_t{MECHA_STATE_FIRST_WRITE} : 0;
  set.consistency = options.consistency;
  set.etag = OptionalView(options.etag);
  set.content_type = OptionalView(options.content_type);
  set.ttl_ms = options.ttl_ms;
  const mecha_view bytes = ViewOf(value);
  mecha_result* result = nullptr;
  const mecha_status status =
      mecha_state_set(runtime_, call, ViewOf(store_), ViewOf(key),
                      {bytes.data, bytes.size, nullptr, nullptr}, &set, &result);
  return TakeAnswer(status, result);
}

Answer StateClient::Delete(std::string_view key, const WriteOptions& options,
                           const mecha_call* call) const {
  auto remove = Sized<mecha_state_delete_options>();
  remove.flags = options.is_first_write ? uint32_t{MECHA_STATE_FIRST_WRITE} : 0;
  remove.consistency = options.consistency;
  remove.etag = OptionalView(options.etag);
  mecha_result* result = nullptr;
  const mecha_status status =
      mecha_state_delete(runtime_, call, ViewOf(store_), ViewOf(key), &remove, &result);
  return TakeAnswer(status, result);
}

Answer StateClient::Bulk(const std::vector<Write>& writes, const mecha_call* call) const {
  return Apply(writes, false, call);
}

Answer StateClient::Transact(const std::vector<Write>& writes, const mecha_call* call) const {
  return Apply(writes, true, call);
}

Answer StateClient::Apply(const std::vector<Write>& writes, bool is_atomic,
                          const mecha_call* call) const {
  auto options = Sized<mecha_state_apply_options>();
  options.atomic = is_atomic ? 1 : 0;
  std::vector<mecha_state_op> ops;
  for (const Write& write : writes) {
    ops.push_back(OpOf(write));
  }
  mecha_result* result = nullptr;
  const mecha_status status =
      mecha_state_apply(runtime_, call, ViewOf(store_), ops.data(), ops.size(), &options, &result);
  return TakeAnswer(status, result);
}

Answer StateClient::List(std::string_view prefix, uint32_t limit, std::string_view page,
                         const mecha_call* call) const {
  auto options = Sized<mecha_state_list_options>();
  options.limit = limit;
  options.page = OptionalView(page);
  mecha_result* result = nullptr;
  const mecha_status status =
      mecha_state_list(runtime_, call, ViewOf(store_), ViewOf(prefix), &options, &result);
  return TakeAnswer(status, result);
}

Answer StateClient::Query(std::string_view query, uint32_t limit, std::string_view page) const {
  auto options = Sized<mecha_state_query_options>();
  options.limit = limit;
  options.page = OptionalView(page);
  mecha_result* result = nullptr;
  const mecha_status status =
      mecha_state_query(runtime_, nullptr, ViewOf(store_), ViewOf(query), &options, &result);
  return TakeAnswer(status, result);
}

std::string StateClient::Value(std::string_view key) const {
  const Answer answer = Get(key);
  if (answer.status == MECHA_NOT_FOUND && !answer.has_error) {
    return "(absent)";
  }
  return answer.ok() ? answer.only().value : Words(answer);
}

std::vector<std::string> StateClient::Keys(std::string_view prefix, uint32_t limit) const {
  std::vector<std::string> keys;
  std::string page;
  do {
    const Answer answer = List(prefix, limit, page);
    INFO(Words(answer));
    REQUIRE(answer.ok());
    for (const Item& item : answer.items) {
      keys.push_back(item.key);
    }
    page = answer.page;
  } while (!page.empty());
  std::ranges::sort(keys);
  return keys;
}

}  // namespace conformance
