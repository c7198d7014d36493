// SPDX-License-Identifier: Apache-2.0
#include "redis_state_store.h"

#include <utility>

#include "contract/registry.h"
#include "contract/state_outcomes.h"
#include "redis_lister.h"
#include "redis_state_reader.h"
#include "redis_state_request.h"
#include "redis_state_writer.h"
#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

extern const ComponentInfo kComponentInfo;

Status RedisStateStore::Init(const CallContext& call, const Settings& settings, Host& host) {
  return access_.Open(call, settings, host);
}

Status RedisStateStore::Ping(const CallContext& call) { return access_.Ping(call); }

void RedisStateStore::Suspend(bool keep_connections) { access_.Suspend(keep_connections); }

Status RedisStateStore::Resume(const CallContext&) {
  access_.Resume();
  return OkStatus();
}

void RedisStateStore::Close() { access_.Close(); }

// One node, or the master as far as is known: its value is the latest, whatever consistency is
// asked for.
void RedisStateStore::Get(const CallContext& call, std::string_view key, const StateRead&,
                          Done<StateValue> done) {
  if (!call.may_block) {
    access_.channel().Submit(std::make_unique<ReadRequest>(call, key, std::move(done)));
    return;
  }
  const RedisAccess::Caller caller(access_);
  if (caller.is_in_crowd()) {
    ReadRequest request(call, key, std::move(done));
    access_.NextLine().Run(call, request);
    request.Complete();
  } else {
    std::move(done)(ReadValue(access_.pool(), call, key));
  }
}

void RedisStateStore::GetMany(const CallContext& call, std::span<const std::string_view> keys,
                              const StateRead&, Done<std::vector<StatusOr<StateValue>>> done) {
  if (Declines(call, done)) {
    return;
  }
  std::move(done)(ReadValues(access_.pool(), call, keys));
}

void RedisStateStore::Write(const CallContext& call, const StateWrite& write, Done<Etag> done) {
  const bool may_share = WriteRequest::Fits(write);
  if (!call.may_block) {
    if (may_share) {
      access_.channel().Submit(std::make_unique<WriteRequest>(call, write, std::move(done)));
    } else {
      std::move(done)(WouldBlock());
    }
    return;
  }
  const RedisAccess::Caller caller(access_);
  if (may_share && caller.is_in_crowd()) {
    WriteRequest request(call, write, std::move(done));
    access_.NextLine().Run(call, request);
    request.Complete();
  } else {
    std::move(done)(WriteOne(access_.pool(), call, write));
  }
}

void RedisStateStore::WriteMany(const CallContext& call, std::span<const StateWrite> writes,
                                Done<std::vector<WriteOutcome>> done) {
  if (Declines(call, done)) {
    return;
  }
  std::move(done)(WriteEach(access_.pool(), call, writes));
}

void RedisStateStore::Transact(const CallContext& call, std::span<const StateWrite> writes,
                               Done<std::vector<WriteOutcome>> done) {
  if (Declines(call, done)) {
    return;
  }
  std::move(done)(WriteAll(access_.pool(), call, writes));
}

void RedisStateStore::List(const CallContext& call, const ListRequest& request,
                           Done<ListPage> done) {
  if (Declines(call, done)) {
    return;
  }
  std::move(done)(ListKeys(access_.pool(), call, request));
}

void RedisStateStore::Query(const CallContext&, const QueryRequest&, Done<QueryPage> done) {
  std::move(done)(Unimplemented(
      "searching in the values of Redis needs the module RediSearch, which this library does not "
      "use; list the keys, or use state.postgresql v1"));
}

namespace {

std::unique_ptr<StateStore> MakeStore() { return std::make_unique<RedisStateStore>(); }

}  // namespace

MECHA_RUNS_AT_START void Register(Registry& registry) { registry.Add(kComponentInfo, MakeStore); }

}  // namespace MECHA_COMPONENT
