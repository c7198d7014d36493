// SPDX-License-Identifier: Apache-2.0
// RedisStoreFixture: a private server, a host and a store on it. For tests only.
#pragma once

#include <utility>

#include "redis_state_store.h"
#include "support/catch.h"
#include "support/redis_server.h"
#include "support/server_store.h"
#include "support/state_store_user.h"
#include "support/test_host.h"

namespace MECHA_COMPONENT {

using test::ComesTrue;
using test::CreateOf;
using test::DeleteIf;
using test::DeleteOf;
using test::Fields;
using test::Mentions;
using test::SetIf;
using test::SetOf;
using test::StoreUser;
using test::TestCall;

inline Settings MakeSettings(const Fields& fields) {
  return test::MakeSettings("state.redis", fields);
}

class RedisStoreFixture : public test::ServerStore<RedisStateStore, test::TestRedis> {
 public:
  RedisStoreFixture() : RedisStoreFixture(test::RedisServerOptions{}, {}) {}
  RedisStoreFixture(test::RedisServerOptions options, Fields fields)
      : ServerStore(std::move(options), "state.redis", "redisHost", std::move(fields)) {}
};

}  // namespace MECHA_COMPONENT
