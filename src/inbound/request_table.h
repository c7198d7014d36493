// SPDX-License-Identifier: Apache-2.0
// RequestTable: open requests by id, and what the host does to one: answer, extend, ask. It holds a
// reference to each. Safe from any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <span>

#include "async/runtime_host.h"
#include "inbound/message.h"
#include "operation/slot_table.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha {

class Request;

// The host's answer: one for all messages, or one each with an index.
struct HostReply {
  struct Entry {
    size_t index = 0;
    Answer answer;
  };
  Answer whole;
  bool has_entries = false;
  std::span<const Entry> entries;  // those that are missing are kRetry
};

class RequestTable {
 public:
  explicit RequestTable(const Clock& clock) : clock_(clock) {}
  // Told of each request that is taken back from a handler; set before the table is shared.
  void SetCancelListener(std::function<void(uint64_t id)> listener) {
    cancel_listener_ = std::move(listener);
  }
  ~RequestTable();

  void Add(std::span<Request* const> requests);
  // Once per request, by whoever claimed it. `was_cancelled`: the host has not answered; it is told
  // so when it asks.
  void Remove(Request& request, bool was_cancelled);

  // GONE when it is not open or others may have its messages; INVALID_ARGUMENT, and it stays open,
  // for an index that is not there.
  Status Reply(uint64_t id, const HostReply& reply);
  // OK while it may be answered, CANCELLED or GONE.
  Status Check(uint64_t id);
  Status Extend(uint64_t id, Duration by);
  // The open request with a reference added, or null.
  Request* Find(uint64_t id) { return table_.Find(id); }
  size_t size() const { return table_.size(); }

 private:
  const Clock& clock_;
  std::function<void(uint64_t id)> cancel_listener_;
  SlotTable<Request> table_;
  std::mutex mutex_;
  std::deque<uint64_t> cancelled_;  // the last ones
};

}  // namespace mecha
