// SPDX-License-Identifier: Apache-2.0
// Result: what the host reads: status, items, headers, errors; and, while it is on its way, an
// entry of a completion queue. Reference-counted; immutable once delivered.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "call/clock.h"
#include "contract/etag.h"
#include "operation/error.h"
#include "result/buffer.h"
#include "result/status.h"

namespace mecha {

// One item of a result. Views point into the result.
struct ResultItem {
  Status status;
  std::string_view group;
  std::string_view key;
  Buffer value;
  Etag etag;
  std::string_view content_type;
  bool is_json = false;
  uint64_t number = 0;
  std::optional<WallTime> expires;
  std::unique_ptr<Error> error;
};

class Result {
 public:
  // What the event that carries it is called.
  enum class Kind : uint8_t { kCompletion, kLog, kRequest };

  explicit Result(Kind kind, uint64_t token = 0) : kind_(kind), token_(token) {}
  virtual ~Result() = default;
  Result(const Result&) = delete;
  Result& operator=(const Result&) = delete;

  void Retain() { references_.fetch_add(1, std::memory_order_relaxed); }
  void Release() {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      delete this;
    }
  }

  Kind kind() const { return kind_; }
  uint64_t token() const { return token_; }
  uint64_t id() const { return id_; }
  void set_id(uint64_t id) { id_ = id; }

  const Status& status() const { return status_; }
  const Error* error() const { return error_.get(); }
  std::span<const ResultItem> items() const { return items_; }
  std::string_view page() const { return page_; }
  bool may_be_applied() const { return may_be_applied_; }
  // OK as a whole, but some items failed.
  bool is_partial() const { return is_partial_; }
  uint32_t tries() const { return static_cast<uint32_t>(retries_) + 1; }

  // By a queue, on the thread that hands it to the host; `now` is that of a whole batch. False:
  // nobody wants it any more, and the queue drops it.
  virtual bool OnTaken(SteadyTime /*now*/) { return true; }
  // By a closed queue, instead: nobody will ever take it.
  virtual void OnDropped() {}

  // For the queue it is delivered to: the next one there, and whether it took no place (a notice).
  Result* next = nullptr;
  bool is_extra = false;

 protected:
  void SetItems(std::span<ResultItem> items) { items_ = items; }
  void SetPage(std::string page) { page_ = std::move(page); }
  void SetPartial() { is_partial_ = true; }
  void SetOutcome(Status status, std::unique_ptr<Error> error) {
    error_ = std::move(error);
    status_ = std::move(status);
  }

  // What an operation learns on its way to its outcome.
  bool may_be_applied_ = false;
  int32_t retries_ = 0;

 private:
  const Kind kind_;
  bool is_partial_ = false;
  std::atomic<uint32_t> references_{1};
  const uint64_t token_;
  uint64_t id_ = 0;
  Status status_;
  std::unique_ptr<Error> error_;
  std::span<ResultItem> items_;
  std::string page_;
};

}  // namespace mecha
