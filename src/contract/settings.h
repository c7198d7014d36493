// SPDX-License-Identifier: Apache-2.0
// Settings: a component's metadata after secrets, environment and placeholders were filled in and
// every field was checked against component.yaml. Names match in any case. The typed getters do not
// fail: the check did, before. Immutable; safe from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "call/clock.h"

namespace mecha {

class Settings {
 public:
  struct Value {
    std::string text;
    bool is_sensitive = false;
    int line = 0;
  };
  struct Identity {
    std::string name;     // the resource's metadata.name
    std::string type;     // "state.redis"
    std::string version;  // "v1"
    std::string app_id;
    std::string name_space;
    std::string instance_id;  // unique per start of a runtime
    std::string file;         // where the document stands
    int line = 0;
  };

  // `values` has lower-case keys; defaults of component.yaml are filled in already.
  Settings(Identity identity, std::map<std::string, Value, std::less<>> values);

  const Identity& identity() const { return identity_; }

  bool Has(std::string_view name) const;
  // Empty, zero or false when the field is absent and has no default.
  std::string_view Text(std::string_view name) const;
  int64_t Integer(std::string_view name) const;
  double Number(std::string_view name) const;
  bool Boolean(std::string_view name) const;
  // Go syntax ("1m30s"), or a bare number of the field's own unit (component.yaml `unit`).
  Duration Time(std::string_view name) const;
  // Kubernetes quantities ("100Mi").
  uint64_t Bytes(std::string_view name) const;

 private:
  const Value* Find(std::string_view name) const;

  Identity identity_;
  std::map<std::string, Value, std::less<>> values_;
};

}  // namespace mecha
