// SPDX-License-Identifier: Apache-2.0
// PostgresStoreFixture: a database, a host and a store on it, with blocking calls that return what
// `done` got. For tests only. The server is one for the whole program unless a test wants its own.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "postgres_fields.h"
#include "postgres_state_store.h"
#include "result/status.h"
#include "result/status_or.h"
#include "support/catch.h"
#include "support/postgres_server.h"
#include "support/test_host.h"

namespace MECHA_COMPONENT {

// One call: its waiter, and the context that points to it.
struct TestCall {
  explicit TestCall(Deadline deadline = Deadline::Never()) {
    context.deadline = deadline;
    context.waiter = &waiter;
    context.may_block = true;
  }

  Waiter waiter;
  CallContext context;
};

template <class T>
struct Caught {
  Done<T> Catch() {
    return [this](StatusOr<T> value) { result.emplace(std::move(value)); };
  }
  StatusOr<T> Take() {
    return result.has_value() ? *std::move(result) : Internal("done did not run");
  }

  std::optional<StatusOr<T>> result;
};

inline StateWrite SetOf(std::string_view key, std::string_view value) {
  StateWrite write;
  write.key = key;
  write.value = value;
  return write;
}
inline StateWrite JsonOf(std::string_view key, std::string_view value) {
  StateWrite write = SetOf(key, value);
  write.value_kind = ValueKind::kJson;
  return write;
}
inline StateWrite SetIf(std::string_view key, std::string_view value, std::string_view etag) {
  StateWrite write = SetOf(key, value);
  write.condition = Condition::kIfMatch;
  write.etag = etag;
  return write;
}
inline StateWrite CreateOf(std::string_view key, std::string_view value) {
  StateWrite write = SetOf(key, value);
  write.condition = Condition::kIfAbsent;
  return write;
}
inline StateWrite DeleteOf(std::string_view key) {
  StateWrite write;
  write.kind = StateWrite::Kind::kDelete;
  write.key = key;
  return write;
}

class StoreUser {
 public:
  using Outcomes = std::vector<WriteOutcome>;

  explicit StoreUser(PostgresStateStore& store) : store_(store) {}

  StatusOr<StateValue> Get(std::string_view key, const CallContext* call = nullptr) {
    Caught<StateValue> caught;
    store_.Get(Or(call), key, {}, caught.Catch());
    return caught.Take();
  }
  StatusOr<std::vector<StatusOr<StateValue>>> GetMany(const std::vector<std::string_view>& keys) {
    Caught<std::vector<StatusOr<StateValue>>> caught;
    store_.GetMany(plain_.context, keys, {}, caught.Catch());
    return caught.Take();
  }
  WriteOutcome Write(const StateWrite& write, const CallContext* call = nullptr) {
    Caught<Etag> caught;
    store_.Write(Or(call), write, caught.Catch());
    return caught.Take();
  }
  StatusOr<Outcomes> WriteMany(const std::vector<StateWrite>& writes,
                               const CallContext* call = nullptr) {
    Caught<Outcomes> caught;
    store_.WriteMany(Or(call), writes, caught.Catch());
    return caught.Take();
  }
  StatusOr<Outcomes> Transact(const std::vector<StateWrite>& writes,
                              const CallContext* call = nullptr) {
    Caught<Outcomes> caught;
    store_.Transact(Or(call), writes, caught.Catch());
    return caught.Take();
  }
  StatusOr<ListPage> List(const ListRequest& request) {
    Caught<ListPage> caught;
    store_.List(plain_.context, request, caught.Catch());
    return caught.Take();
  }
  // All keys, page by page, joined by blanks.
  std::string Keys(std::string_view prefix, size_t limit = 1000) {
    std::string keys;
    std::string position;
    do {
      const auto page = List({prefix, limit, position});
      if (!page.ok()) {
        return std::string(page.status().message());
      }
      for (const std::string& key : page->keys) {
        keys += (keys.empty() ? "" : " ") + key;
      }
      position = page->next;
    } while (!position.empty());
    return keys;
  }
  Status Ping(const CallContext* call = nullptr) { return store_.Ping(Or(call)); }

  // The value's bytes, or the status's code as text.
  std::string Read(std::string_view key) {
    const auto value = Get(key);
    return value.ok() ? std::string(value->data.view())
                      : std::string("<") + NameOf(value.status().code()) + ">";
  }

 private:
  const CallContext& Or(const CallContext* call) const {
    return call == nullptr ? plain_.context : *call;
  }

  PostgresStateStore& store_;
  TestCall plain_;
};

inline test::TestPostgres& SharedServer() {
  static test::TestPostgres server;
  return server;
}

// A store that is opened when a test says so, on `database` of `server`.
class TestStore {
 public:
  TestStore(test::TestPostgres& server, const std::string& database, Layout layout,
            Fields fields = {})
      : store(layout) {
    fields.emplace("connectionString", server.Connection(database));
    settings.emplace(MakeSettings(std::move(fields)));
  }

  Status Init() {
    TestCall call(In(std::chrono::seconds(20)));
    return store.Init(call.context, *settings, host);
  }
  Deadline In(Duration time) { return Deadline::After(host.clock().Now(), time); }

  test::TestHost host;
  std::optional<Settings> settings;
  PostgresStateStore store;
  StoreUser user{store};
};

// A store on a new database of the shared server.
class PostgresStoreFixture {
 public:
  PostgresStoreFixture() : PostgresStoreFixture(Layout::kV2, {}) {}
  PostgresStoreFixture(Layout layout, Fields fields)
      : opened(SharedServer(), database, layout, std::move(fields)) {
    const Status status = opened.Init();
    INFO(status.message());
    REQUIRE(status.ok());
  }

  std::string Sql(const std::string& text) const { return SharedServer().Sql(database, text); }

  const std::string database = SharedServer().MakeDatabase();
  TestStore opened;
  StoreUser& user = opened.user;
};

}  // namespace MECHA_COMPONENT
