// SPDX-License-Identifier: Apache-2.0
// QueuedCall: one call to a state store that may not block, and what became of it. It stays in
// place until it has ended. Made by one thread; it ends on any.
#pragma once

#include <algorithm>
#include <atomic>
#include <deque>
#include <string>
#include <utility>

#include "contract/state_store.h"
#include "result/status.h"
#include "result/status_or.h"
#include "support/moment.h"
#include "support/state_store_user.h"

namespace mecha::test {

struct QueuedCall {
  explicit QueuedCall(Deadline deadline = Deadline::Never()) {
    context.waiter = &waiter;
    context.deadline = deadline;
  }

  void Get(StateStore& store, std::string of) {
    key = std::move(of);
    store.Get(context, key, {}, [this](StatusOr<StateValue> got) {
      value = std::move(got);
      dones.fetch_add(1);
    });
  }
  void Set(StateStore& store, std::string of, std::string with) {
    key = std::move(of);
    text = std::move(with);
    Write(store, SetOf(key, text));
  }
  void Write(StateStore& store, const StateWrite& write) {
    store.Write(context, write, [this](StatusOr<Etag> written) {
      etag = std::move(written);
      dones.fetch_add(1);
    });
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

inline bool AreDone(const std::deque<QueuedCall>& calls) {
  return std::all_of(calls.begin(), calls.end(), [](const auto& call) { return call.Await(); });
}

}  // namespace mecha::test
