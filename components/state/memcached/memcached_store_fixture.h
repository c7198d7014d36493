// SPDX-License-Identifier: Apache-2.0
// MemcachedStoreFixture: a private server, a host and a store on it. For tests only.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "memcached_state_store.h"
#include "support/catch.h"
#include "support/memcached_server.h"
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
  return test::MakeSettings("state.memcached", fields);
}

class MemcachedStoreFixture : public test::ServerStore<MemcachedStateStore, test::TestMemcached> {
 public:
  MemcachedStoreFixture() : MemcachedStoreFixture({}, {}) {}
  MemcachedStoreFixture(std::vector<std::string> options, Fields fields)
      : ServerStore(std::move(options), "state.memcached", "hosts", Patient(std::move(fields))) {}

 private:
  // As component.yaml has it; a busy machine may need longer than a user would wait.
  static Fields Patient(Fields fields) {
    fields.emplace("timeout", "5s");
    return fields;
  }
};

}  // namespace MECHA_COMPONENT
