// SPDX-License-Identifier: Apache-2.0
// What the state block is asked for: requests in the caller's terms (key without prefix, content
// type, flags). state_block.h checks them and turns them into the contract's terms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "contract/state_store.h"
#include "operation/input.h"

namespace mecha {

struct WriteRequest {
  StateWrite::Kind kind = StateWrite::Kind::kSet;
  bool is_first_write = false;
  Consistency consistency = Consistency::kEventual;
  std::string_view key;
  Input value;
  std::string_view etag;
  std::string_view content_type;
  int64_t ttl_ms = 0;  // 0: the component's default; -1: none
  Metadata metadata;
};

struct ApplyRequest {
  std::span<const WriteRequest> writes;
  bool is_atomic = false;
};

// Of keys in a page, or values.
inline constexpr size_t kDefaultLimit = 100;
inline constexpr size_t kMostLimit = 1000;

struct QueryValuesRequest {
  std::string_view query;  // Dapr's JSON
  size_t limit = 0;
  std::string_view page;
};

struct ListKeysRequest {
  std::string_view prefix;
  size_t limit = 0;
  std::string_view page;
};

}  // namespace mecha
