// SPDX-License-Identifier: Apache-2.0
// Registry: which component types this build holds, and how to make one. Filled once while a
// runtime opens by the generated registration file; read-only afterwards.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "contract/component_info.h"
#include "contract/secret_store.h"
#include "contract/state_store.h"

namespace mecha {

using MakeStateStore = std::unique_ptr<StateStore> (*)();
using MakeSecretStore = std::unique_ptr<SecretStore> (*)();

class Registry {
 public:
  struct Entry {
    const ComponentInfo* info = nullptr;
    std::variant<MakeStateStore, MakeSecretStore> make;
  };

  // A type may register once per version; a second time is a build error found by a test.
  void Add(const ComponentInfo& info, MakeStateStore make) { entries_.push_back({&info, make}); }
  void Add(const ComponentInfo& info, MakeSecretStore make) { entries_.push_back({&info, make}); }

  // `type` or one of its aliases, in lower case, and a version ("" and "v0" read as "v1").
  // Null when this build has no such type, or not in that version.
  const Entry* Find(std::string_view type, std::string_view version) const;
  bool HasType(std::string_view type) const;
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
};

}  // namespace mecha
