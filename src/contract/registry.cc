// SPDX-License-Identifier: Apache-2.0
#include "contract/registry.h"

#include <algorithm>
#include <utility>

namespace mecha {
namespace {

template <class Info>
bool IsNamed(const Info& info, std::string_view type) {
  return info.type == type || std::ranges::find(info.aliases, type) != info.aliases.end();
}

}  // namespace

void Registry::Add(const ComponentInfo& info, std::unique_ptr<StateStore> (*make)()) {
  Add(info, MakeStateStore(make));
}

void Registry::Add(const ComponentInfo& info, std::unique_ptr<SecretStore> (*make)()) {
  Add(info, MakeSecretStore(make));
}

void Registry::Add(const ComponentInfo& info, std::unique_ptr<PubSub> (*make)()) {
  Add(info, MakePubSub(make));
}

void Registry::Add(const ComponentInfo& info, MakeStateStore make) {
  Add(Entry{&info, std::move(make), {}});
}

void Registry::Add(const ComponentInfo& info, MakeSecretStore make) {
  Add(Entry{&info, std::move(make), {}});
}

void Registry::Add(const ComponentInfo& info, MakePubSub make) {
  Add(Entry{&info, std::move(make), {}});
}

const Registry::Entry* Registry::Find(std::string_view type, std::string_view version) const {
  const std::string_view wanted = version.empty() || version == "v0" ? "v1" : version;
  for (const Entry& entry : entries_) {
    if (IsNamed(*entry.info, type) && entry.info->version == wanted) {
      return &entry;
    }
  }
  return nullptr;
}

bool Registry::HasType(std::string_view type) const {
  return std::ranges::any_of(entries_, [&](const Entry& e) { return IsNamed(*e.info, type); });
}

const ModuleInfo* Registry::FindModule(std::string_view type) const {
  for (const ModuleInfo& info : modules_) {
    if (IsNamed(info, type)) {
      return &info;
    }
  }
  return nullptr;
}

std::vector<std::string_view> Registry::Types() const {
  std::vector<std::string_view> types;
  for (const Entry& entry : entries_) {
    types.push_back(entry.info->type);
  }
  for (const ModuleInfo& info : modules_) {
    if (!HasType(info.type)) {
      types.push_back(info.type);
    }
  }
  return types;
}

}  // namespace mecha
