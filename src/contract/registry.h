// SPDX-License-Identifier: Apache-2.0
// Registry: which component types there are, how to make one, and which of them are modules still
// to be loaded. Each runtime has its own; it is filled while the runtime opens, by the generated
// registration file, by modules and by plug-ins, and read-only afterwards.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "contract/component_info.h"
#include "contract/cryptography.h"
#include "contract/pub_sub.h"
#include "contract/secret_store.h"
#include "contract/state_store.h"

// Before a component's Register. Every program runs it, so these functions lie together: of a
// component that is not used no other page comes into memory.
#define MECHA_RUNS_AT_START [[gnu::section(".text.startup")]]

namespace mecha {

// They own what `info` of a plug-in's type points to.
using MakeStateStore = std::function<std::unique_ptr<StateStore>()>;
using MakeSecretStore = std::function<std::unique_ptr<SecretStore>()>;
using MakePubSub = std::function<std::unique_ptr<PubSub>()>;

// A type that is no part of the library: it comes in <type>.so.
struct ModuleInfo {
  std::string_view type;
  std::span<const std::string_view> aliases;  // full types
};

class Registry {
 public:
  struct Entry {
    const ComponentInfo* info = nullptr;
    std::variant<MakeStateStore, MakeSecretStore, MakePubSub> make;
    std::string module_file;  // where it came from; empty: inside the library
  };

  // A type may register once per version; a second time is a build error found by a test.
  void Add(const ComponentInfo& info, std::unique_ptr<StateStore> (*make)());
  void Add(const ComponentInfo& info, std::unique_ptr<SecretStore> (*make)());
  void Add(const ComponentInfo& info, std::unique_ptr<PubSub> (*make)());
  void Add(const ComponentInfo& info, MakeStateStore make);
  void Add(const ComponentInfo& info, MakeSecretStore make);
  void Add(const ComponentInfo& info, MakePubSub make);
  void Add(Entry entry) { entries_.push_back(std::move(entry)); }
  // Only the module tls.so does.
  void SetCryptography(MakeCryptography make) { cryptography_ = make; }
  // `modules` outlives the registry.
  void SetModules(std::span<const ModuleInfo> modules) { modules_ = modules; }

  // `type` or one of its aliases, in lower case, and a version ("" and "v0" read as "v1").
  // Null when this build has no such type, or not in that version.
  const Entry* Find(std::string_view type, std::string_view version) const;
  bool HasType(std::string_view type) const;
  // The module that holds `type`, by its type or one of its aliases; null when none is known to.
  const ModuleInfo* FindModule(std::string_view type) const;
  // Every type, modules' included, each once.
  std::vector<std::string_view> Types() const;
  const std::list<Entry>& entries() const { return entries_; }
  // Null when nothing registered any.
  MakeCryptography cryptography() const { return cryptography_; }

 private:
  std::list<Entry> entries_;  // they stay where they are when a module adds more
  std::span<const ModuleInfo> modules_;
  MakeCryptography cryptography_ = nullptr;
};

}  // namespace mecha
