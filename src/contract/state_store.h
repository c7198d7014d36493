// SPDX-License-Identifier: Apache-2.0
// StateStore: what a state component implements. Keys arrive complete (prefix included) and values
// decoded; prefixes, retries, limits and metrics belong to the block, never to a component.
//
// Threads: every operation may be called from any thread, many at once, after Init returned OK and
// before Close. `done` runs exactly once, possibly inside the call, under no lock of the store's.
// Views in a request stay valid until `done` has run. A store never retries by itself and never
// resends; it reports UNAVAILABLE, marked kMaybe (result/status.h) when a write was sent and its
// outcome is unknown.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "call/clock.h"
#include "contract/call_context.h"
#include "contract/component.h"
#include "contract/etag.h"
#include "contract/state_query.h"
#include "result/buffer.h"
#include "result/done.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha {

// A value is bytes plus this flag; the content type itself is not stored.
enum class ValueKind : uint8_t { kBinary, kJson };

struct StateValue {
  Buffer data;
  Etag etag;
  ValueKind kind = ValueKind::kBinary;
  // When it expires, where the store can tell.
  std::optional<WallTime> expires;
};

// The etag matrix of every store, decided by the block:
//   kAlways   write whatever is there                 (last-write; an etag is ignored)
//   kIfMatch  write if the etag is the stored one     (else, also when absent: ABORTED)
//   kIfAbsent write if there is no live value         (else ABORTED; never with a delete)
// An etag that this store can never have made is INVALID_ARGUMENT.
enum class Condition : uint8_t { kAlways, kIfMatch, kIfAbsent };

enum class Consistency : uint8_t { kEventual, kStrong };

struct StateRead {
  Consistency consistency = Consistency::kEventual;
};

struct StateWrite {
  enum class Kind : uint8_t { kSet, kDelete };
  Kind kind = Kind::kSet;
  Condition condition = Condition::kAlways;
  ValueKind value_kind = ValueKind::kBinary;
  Consistency consistency = Consistency::kEventual;
  std::string_view key;
  std::string_view value;
  std::string_view etag;
  // Absent: the value never expires. Else at least 1 ms; rounded up to the store's resolution.
  std::optional<std::chrono::milliseconds> ttl;
};

// How a write ended. `etag` is the new one after a set, empty after a delete.
using WriteOutcome = StatusOr<Etag>;

struct ListRequest {
  std::string_view prefix;    // literal, complete; matches the stored keys' first bytes
  size_t limit = 0;           // at least 1
  std::string_view position;  // what the previous page's `next` said; empty for the first page
};

struct ListPage {
  std::vector<std::string> keys;  // complete keys, in no promised order, expired ones left out
  std::string next;               // empty when this was the last page
};

struct QueryItem {
  std::string key;  // complete
  StateValue value;
};

struct QueryPage {
  std::vector<QueryItem> items;  // in the order asked for, expired ones left out
  std::string next;              // empty when this was the last page
};

class StateStore : public Component {
 public:
  // NOT_FOUND (without a message) when there is no live value.
  virtual void Get(const CallContext& call, std::string_view key, const StateRead& read,
                   Done<StateValue> done) = 0;
  // One outcome per key, in order. The whole fails only when no key could be tried.
  virtual void GetMany(const CallContext& call, std::span<const std::string_view> keys,
                       const StateRead& read, Done<std::vector<StatusOr<StateValue>>> done) = 0;
  virtual void Write(const CallContext& call, const StateWrite& write, Done<Etag> done) = 0;
  // Independent writes, one outcome each, in order; keys may repeat and then apply in order.
  virtual void WriteMany(const CallContext& call, std::span<const StateWrite> writes,
                         Done<std::vector<WriteOutcome>> done) = 0;
  // All or nothing, in order, no key twice. OK: every outcome is OK. When a condition fails
  // nothing is written, and the outcomes hold the cause at its index and CANCELLED elsewhere.
  virtual void Transact(const CallContext& call, std::span<const StateWrite> writes,
                        Done<std::vector<WriteOutcome>> done) = 0;
  virtual void List(const CallContext& call, const ListRequest& request, Done<ListPage> done) = 0;
  // Only stores with the capability `query` have it.
  virtual void Query(const CallContext&, const QueryRequest&, Done<QueryPage> done) {
    std::move(done)(Unimplemented(
        "the store cannot search in values; list its keys, or use state.postgresql v1"));
  }
};

}  // namespace mecha
