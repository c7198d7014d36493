// SPDX-License-Identifier: Apache-2.0
// Queued: one operation of a state store that may not block, and what became of it; for tests of
// what a store does for queues. It is no completion queue. `done` may come on any thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <deque>
#include <string>
#include <utility>

#include "contract/state_store.h"
#include "support/moment.h"
#include "support/state_store_user.h"

namespace mecha::test {

// Stays in place until it has ended.
struct Queued {
  explicit Queued(Deadline deadline = Deadline::Never()) {
    context.waiter = &waiter;
    context.deadline = deadline;
  }
  bool is_done() const { return dones.load() != 0; }
  bool Await() const {
    return AwaitThat([this] { return is_done(); });
  }

  Waiter waiter;
  CallContext context;
  std::string key;
  std::string text;
  StatusOr<StateValue> value;
  StatusOr<Etag> etag;
  std::atomic<int> dones{0};
};

inline void Get(StateStore& store, Queued& queued, const std::string& key) {
  queued.key = key;
  store.Get(queued.context, queued.key, {}, [&queued](StatusOr<StateValue> value) {
    queued.value = std::move(value);
    queued.dones.fetch_add(1);
  });
}

inline void Set(StateStore& store, Queued& queued, const std::string& key,
                const std::string& text) {
  queued.key = key;
  queued.text = text;
  store.Write(queued.context, SetOf(queued.key, queued.text), [&queued](StatusOr<Etag> etag) {
    queued.etag = std::move(etag);
    queued.dones.fetch_add(1);
  });
}

inline bool AreDone(const std::deque<Queued>& all) {
  return AwaitThat([&] {
    return std::all_of(all.begin(), all.end(), [](const Queued& one) { return one.is_done(); });
  });
}

}  // namespace mecha::test
