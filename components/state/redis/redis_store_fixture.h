// SPDX-License-Identifier: Apache-2.0
// RedisStoreFixture: a private server, a host and a store on it. For tests only.
#pragma once

#include <optional>
#include <utility>

#include "redis_state_store.h"
#include "result/status.h"
#include "support/catch.h"
#include "support/redis_server.h"
#include "support/state_store_user.h"
#include "support/test_host.h"

namespace MECHA_COMPONENT {

using test::CreateOf;
using test::DeleteIf;
using test::DeleteOf;
using test::Fields;
using test::SetIf;
using test::SetOf;
using test::StoreUser;
using test::TestCall;

inline Settings MakeSettings(const Fields& fields) {
  return test::MakeSettings("state.redis", fields);
}

class RedisStoreFixture {
 public:
  RedisStoreFixture() : RedisStoreFixture(test::RedisServerOptions{}, {}) {}
  RedisStoreFixture(test::RedisServerOptions options, Fields fields) : server(std::move(options)) {
    fields.emplace("redisHost", server.address());
    settings.emplace(MakeSettings(fields));
    TestCall call;
    const Status status = store.Init(call.context, *settings, host);
    INFO(status.message());
    REQUIRE(status.ok());
  }

  Deadline In(Duration time) { return Deadline::After(host.clock().Now(), time); }

  test::TestRedis server;
  test::TestHost host;
  std::optional<Settings> settings;
  RedisStateStore store;
  StoreUser user{store};
};

}  // namespace MECHA_COMPONENT
