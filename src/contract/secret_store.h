// SPDX-License-Identifier: Apache-2.0
// SecretStore: what a secret component implements. Scoping (allowed, denied) is the block's.
// Threads and `done` as for StateStore.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "contract/component.h"
#include "result/done.h"

namespace mecha {

// A secret is a map of keys to values; most have one key, equal to their name.
using Secret = std::map<std::string, std::string, std::less<>>;
using SecretList = std::map<std::string, Secret, std::less<>>;

class SecretStore : public Component {
 public:
  // NOT_FOUND when there is no such secret. `name` is never empty.
  virtual void Get(const CallContext& call, std::string_view name, Done<Secret> done) = 0;
  virtual void List(const CallContext& call, Done<SecretList> done) = 0;
};

}  // namespace mecha
