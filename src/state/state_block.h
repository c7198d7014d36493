// SPDX-License-Identifier: Apache-2.0
// StateBlock: everything about state that is the same for every store: prefixes, limits, the etag
// matrix, TTL defaults, page tokens, and the words of errors. One per state component. It makes
// operations; whoever asked runs them. Safe from any thread.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "contract/state_store.h"
#include "operation/operation.h"
#include "operation/service.h"
#include "state/requests.h"

namespace mecha {

struct StateLimits {
  size_t most_key_bytes = 1024;
  size_t most_value_bytes = size_t{64} << 20;
  size_t most_transaction_writes = 10'000;
};

struct StateBlockOptions {
  std::string key_prefix;  // complete, with its separator
  StateLimits limits;
  std::optional<std::chrono::milliseconds> default_ttl;
};

class StateBlock {
 public:
  // `service` and `store` outlive it.
  StateBlock(Service& service, StateStore& store, StateBlockOptions options);

  Prepared Get(const CallOptions& call, std::string_view key, Consistency consistency);
  Prepared GetMany(const CallOptions& call, std::span<const std::string_view> keys,
                   Consistency consistency);
  Prepared Write(const CallOptions& call, const WriteRequest& request);
  Prepared Apply(const CallOptions& call, const ApplyRequest& request);
  Prepared List(const CallOptions& call, const ListKeysRequest& request);
  Prepared Query(const CallOptions& call, const QueryValuesRequest& request);

  Service& service() { return service_; }
  StateStore& store() { return store_; }
  const StateBlockOptions& options() const { return options_; }

  // For its operations:
  Status CheckKey(std::string_view key) const;
  Status CheckConsistency(Consistency consistency) const;
  // The contract's terms, all but the key, which the operation keeps. The views are the request's.
  StatusOr<StateWrite> Translate(const WriteRequest& request) const;

 private:
  Status CheckValue(const WriteRequest& request, bool is_json) const;
  StatusOr<std::optional<std::chrono::milliseconds>> TtlOf(const WriteRequest& request) const;

  Service& service_;
  StateStore& store_;
  const StateBlockOptions options_;
};

}  // namespace mecha
