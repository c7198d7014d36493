// SPDX-License-Identifier: Apache-2.0
// ComponentInfo: component.yaml as constants. Generated at build time, one per component folder;
// the only statement of a component's fields and capabilities.
#pragma once

#include <span>
#include <string_view>

namespace mecha {

enum class FieldType : unsigned char { kText, kInteger, kNumber, kBoolean, kDuration, kBytes };
enum class Support : unsigned char { kNone, kEmulated, kNative };

struct FieldInfo {
  std::string_view name;
  FieldType type = FieldType::kText;
  std::string_view default_text;  // empty: none
  std::string_view unit;          // of a bare number in a duration: "ms", "s"; empty: refused
  std::string_view description;
  std::span<const std::string_view> values;  // when not empty, the only ones allowed
  bool is_required = false;
  bool is_sensitive = false;
  // Known to Dapr and without effect here: accepted, with a warning that says so.
  bool is_ignored = false;
};

struct CapabilityInfo {
  std::string_view name;  // "etag", "transaction", "ttl", "list", ...
  Support support = Support::kNone;
};

// How operations that may not block are run: at once on the caller's thread, on a blocking pool
// thread, or at once because the component never blocks without may_block.
enum class Execution : unsigned char { kInline, kBlocking, kQuick };

struct ComponentInfo {
  std::string_view type;     // "state.redis", from the path
  std::string_view version;  // "v1"
  std::string_view status;   // "stable", "beta", "alpha"
  std::string_view description;
  std::span<const std::string_view> aliases;  // full types
  Execution execution = Execution::kQuick;
  bool is_embedded = false;  // Init touches no network: it runs on the thread that starts
  std::span<const FieldInfo> fields;
  std::span<const CapabilityInfo> capabilities;

  Support SupportOf(std::string_view capability) const {
    for (const CapabilityInfo& info : capabilities) {
      if (info.name == capability) {
        return info.support;
      }
    }
    return Support::kNone;
  }
};

}  // namespace mecha
