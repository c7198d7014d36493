// SPDX-License-Identifier: Apache-2.0
#include "plugins/plugin_state_store.h"

#include <limits>

#include "mecha/state.h"
#include "result/status.h"

namespace mecha {
namespace {

uint32_t NumberOf(Consistency consistency) {
  return consistency == Consistency::kStrong ? MECHA_STATE_STRONG : MECHA_STATE_EVENTUAL;
}

uint32_t NumberOf(Condition condition) {
  switch (condition) {
    case Condition::kAlways:
      return MECHA_WRITE_ALWAYS;
    case Condition::kIfMatch:
      return MECHA_WRITE_IF_MATCH;
    case Condition::kIfAbsent:
      return MECHA_WRITE_IF_ABSENT;
  }
  return MECHA_WRITE_ALWAYS;
}

mecha_store_write WriteOf(const StateWrite& write) {
  mecha_store_write made{};
  made.kind = write.kind == StateWrite::Kind::kSet ? MECHA_STATE_SET : MECHA_STATE_DELETE;
  made.condition = NumberOf(write.condition);
  made.flags = write.value_kind == ValueKind::kJson ? MECHA_ITEM_JSON : 0;
  made.consistency = NumberOf(write.consistency);
  made.key = ViewOf(write.key);
  // Empty, but there.
  made.value = ViewOf(write.value.data() == nullptr ? std::string_view("") : write.value);
  made.etag = ViewOf(write.etag);
  made.ttl_ms = write.ttl.has_value() ? write.ttl->count() : 0;
  return made;
}

// The call of one part of a whole, on a thread that waits for it.
template <class T, class Start>
StatusOr<T> AwaitOne(Start start) {
  StatusOr<T> answer;
  start(Done<T>([&answer](StatusOr<T> one) { answer = std::move(one); }));
  return answer;
}

}  // namespace

void PluginStateStore::Get(const CallContext& call, std::string_view key, const StateRead& read,
                           Done<StateValue> done) {
  const mecha_view view = ViewOf(key);
  mecha_store_get request{};
  request.consistency = NumberOf(read.consistency);
  request.keys = &view;
  request.key_count = 1;
  plugin_.Ask<StateValue>(call, functions().get, request, {ReadValue, 1, TaskKind::kRead},
                          std::move(done));
}

void PluginStateStore::GetMany(const CallContext& call, std::span<const std::string_view> keys,
                               const StateRead& read,
                               Done<std::vector<StatusOr<StateValue>>> done) {
  std::vector<mecha_view> views;
  if (functions().get_many == nullptr) {
    if (!call.may_block) {
      std::move(done)(WouldBlock());
      return;
    }
    std::vector<StatusOr<StateValue>> values;
    for (const std::string_view key : keys) {
      values.push_back(
          AwaitOne<StateValue>([&](auto one) { Get(call, key, read, std::move(one)); }));
    }
    std::move(done)(std::move(values));
    return;
  }
  for (const std::string_view key : keys) {
    views.push_back(ViewOf(key));
  }
  mecha_store_get request{};
  request.consistency = NumberOf(read.consistency);
  request.keys = views.data();
  request.key_count = views.size();
  plugin_.Ask<std::vector<StatusOr<StateValue>>>(call, functions().get_many, request,
                                                 {ReadValues, keys.size(), TaskKind::kRead},
                                                 std::move(done));
}

void PluginStateStore::Write(const CallContext& call, const StateWrite& write, Done<Etag> done) {
  const mecha_store_write made = WriteOf(write);
  mecha_store_apply request{};
  request.writes = &made;
  request.write_count = 1;
  plugin_.Ask<Etag>(call, functions().write, request, {ReadEtag, 1, TaskKind::kWrite},
                    std::move(done));
}

void PluginStateStore::WriteMany(const CallContext& call, std::span<const StateWrite> writes,
                                 Done<std::vector<WriteOutcome>> done) {
  if (functions().apply != nullptr) {
    Apply(call, writes, false, std::move(done));
    return;
  }
  if (!call.may_block) {
    std::move(done)(WouldBlock());
    return;
  }
  std::vector<WriteOutcome> outcomes;
  for (const StateWrite& write : writes) {
    outcomes.push_back(AwaitOne<Etag>([&](auto one) { Write(call, write, std::move(one)); }));
  }
  std::move(done)(std::move(outcomes));
}

void PluginStateStore::Transact(const CallContext& call, std::span<const StateWrite> writes,
                                Done<std::vector<WriteOutcome>> done) {
  if (plugin_.type().info().SupportOf("transaction") == Support::kNone) {
    std::move(done)(Unimplemented("the plug-in has no transactions"));
    return;
  }
  Apply(call, writes, true, std::move(done));
}

void PluginStateStore::Apply(const CallContext& call, std::span<const StateWrite> writes,
                             bool is_atomic, Done<std::vector<WriteOutcome>> done) {
  std::vector<mecha_store_write> made;
  made.reserve(writes.size());
  for (const StateWrite& write : writes) {
    made.push_back(WriteOf(write));
  }
  mecha_store_apply request{};
  request.atomic = is_atomic ? 1 : 0;
  request.writes = made.data();
  request.write_count = made.size();
  plugin_.Ask<std::vector<WriteOutcome>>(call, functions().apply, request,
                                         {ReadEtags, writes.size(), TaskKind::kWrite},
                                         std::move(done));
}

void PluginStateStore::List(const CallContext& call, const ListRequest& request,
                            Done<ListPage> done) {
  if (functions().list == nullptr) {
    std::move(done)(Unimplemented("the plug-in has no lists"));
    return;
  }
  mecha_store_list asked{};
  asked.limit =
      static_cast<uint32_t>(std::min<size_t>(request.limit, std::numeric_limits<uint32_t>::max()));
  asked.prefix = ViewOf(request.prefix.data() == nullptr ? std::string_view("") : request.prefix);
  asked.position = request.position.empty() ? mecha_view{nullptr, 0} : ViewOf(request.position);
  plugin_.Ask<ListPage>(call, functions().list, asked, {ReadPage, 0, TaskKind::kRead},
                        std::move(done));
}

}  // namespace mecha
