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
#include "support/state_store_user.h"
#include "support/test_host.h"

namespace MECHA_COMPONENT {

using test::CreateOf;
using test::DeleteOf;
using test::JsonOf;
using test::SetIf;
using test::SetOf;
using test::StoreUser;
using test::TestCall;

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
