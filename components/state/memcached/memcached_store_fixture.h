// SPDX-License-Identifier: Apache-2.0
// MemcachedStoreFixture: a private server, a host and a store on it. For tests only.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "memcached_state_store.h"
#include "result/status.h"
#include "support/catch.h"
#include "support/memcached_server.h"
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
  return test::MakeSettings("state.memcached", fields);
}

inline bool Mentions(const Status& status, std::string_view words) {
  return status.message().find(words) != std::string_view::npos;
}

// Repeats `condition` until it is true, for at most 10 s.
template <class Condition>
bool ComesTrue(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) {
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

class MemcachedStoreFixture {
 public:
  MemcachedStoreFixture() : MemcachedStoreFixture({}, {}) {}
  MemcachedStoreFixture(std::vector<std::string> options, Fields fields)
      : server(std::move(options)) {
    fields.emplace("hosts", server.address());
    // As component.yaml has it; a busy machine may need longer than a user would wait.
    fields.emplace("timeout", "5s");
    settings.emplace(MakeSettings(fields));
    TestCall call;
    const Status status = store.Init(call.context, *settings, host);
    INFO(status.message());
    REQUIRE(status.ok());
  }

  Deadline In(Duration time) { return Deadline::After(host.clock().Now(), time); }

  test::TestMemcached server;
  test::TestHost host;
  std::optional<Settings> settings;
  MemcachedStateStore store;
  StoreUser user{store};
};

}  // namespace MECHA_COMPONENT
