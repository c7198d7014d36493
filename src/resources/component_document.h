// SPDX-License-Identifier: Apache-2.0
// ComponentDocument: a `kind: Component` document as written. Secrets, environment and placeholders
// are not filled in yet: see runtime/value_resolver.h.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "call/clock.h"
#include "resources/location.h"

namespace mecha {

struct SecretReference {
  std::string name;
  std::string key;  // empty: the same as `name`
};

// One entry of spec.metadata.
struct MetadataItem {
  std::string name;  // as written; compare in lower case
  // The scalar's text as written, or the JSON of a list or mapping. Absent: no value given.
  std::optional<std::string> value;
  std::optional<SecretReference> secret;
  std::string environment_name;  // envRef; empty: none
  bool was_text = false;         // the value was a quoted or block scalar
  Location location;             // of the value or reference, for messages
};

struct ComponentDocument {
  static constexpr Duration kDefaultInitTimeout = std::chrono::seconds(5);

  std::string name;
  std::string name_space;  // empty: none written
  std::string type;        // lower-case, "state.redis"
  std::string version;     // as written; "" and "v0" mean "v1"
  bool ignores_errors = false;
  Duration init_timeout = kDefaultInitTimeout;
  std::vector<MetadataItem> metadata;
  std::string secret_store;         // auth.secretStore; empty: none
  std::vector<std::string> scopes;  // app ids; empty: every app
  Location location;                // where the document's mapping starts
  Location type_location;           // of spec.type, for "unknown type"
};

}  // namespace mecha
