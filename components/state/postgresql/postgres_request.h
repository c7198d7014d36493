// SPDX-License-Identifier: Apache-2.0
// PostgresRequest: one operation on a session that many share: what it asks, what a result means
// for it, and whom it tells. It does no input or output and knows no session. Used by one thread at
// a time; Complete runs under no lock.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "contract/state_store.h"
#include "postgres_options.h"
#include "query_result.h"
#include "result/done.h"
#include "result/status.h"
#include "state_rows.h"

namespace MECHA_COMPONENT {

// Whoever keeps a request: told, by the thread that stops its call, to end it soon.
class RequestKeeper {
 public:
  virtual ~RequestKeeper() = default;
  virtual void StopRequested(uint64_t request) = 0;
};

class PostgresRequest : public StopListener {
 public:
  PostgresRequest(Waiter& waiter, Deadline deadline) : waiter_(waiter), deadline_(deadline) {}
  ~PostgresRequest() override = default;
  PostgresRequest(const PostgresRequest&) = delete;
  PostgresRequest& operator=(const PostgresRequest&) = delete;

  // What it writes; null for a read of `key`.
  virtual const StateWrite* write() const = 0;
  virtual std::string_view key() const = 0;
  // Keeps what a result without error says. `row` is the one of its key, -1 when there is none.
  virtual void Take(Layout layout, const QueryResult& result, int row) = 0;
  // Ends without a result.
  virtual void Fail(Status status) = 0;
  // Tells the outcome. The last thing it does: the call's memory may be gone afterwards.
  virtual void Complete() = 0;

  Deadline deadline() const { return deadline_; }
  // Of the call that was stopped.
  Status StopStatus() const { return waiter_.Check(); }
  uint64_t id() const { return id_; }

  // From here on a stop of the call is told to `keeper`, as that of `id`; until Release.
  void KeepBy(RequestKeeper& keeper, uint64_t id) {
    keeper_ = &keeper;
    id_ = id;
    waiter_.SetStopListener(this);
    if (waiter_.stop_cause() != StopCause::kNone) {
      OnStop();  // it came before the keeper could be told
    }
  }
  void Release() { waiter_.SetStopListener(nullptr); }
  void OnStop() override { keeper_->StopRequested(id_); }

 private:
  Waiter& waiter_;
  const Deadline deadline_;
  RequestKeeper* keeper_ = nullptr;
  uint64_t id_ = 0;
};

class ReadRequest final : public PostgresRequest {
 public:
  ReadRequest(const CallContext& call, std::string_view key, Done<StateValue> done)
      : PostgresRequest(*call.waiter, call.deadline), key_(key), done_(std::move(done)) {}

  const StateWrite* write() const override { return nullptr; }
  std::string_view key() const override { return key_; }
  void Take(Layout layout, const QueryResult& result, int row) override {
    outcome_ = row < 0 ? NotFound() : ReadValue(layout, result, row);
  }
  void Fail(Status status) override { outcome_ = std::move(status); }
  void Complete() override { std::move(done_)(std::move(outcome_)); }

 private:
  const std::string_view key_;
  StatusOr<StateValue> outcome_;
  Done<StateValue> done_;
};

class WriteRequest final : public PostgresRequest {
 public:
  // A longer value would keep the others waiting.
  static constexpr size_t kLongestValue = 16 * 1024;

  WriteRequest(const CallContext& call, const StateWrite& write, Done<Etag> done)
      : PostgresRequest(*call.waiter, call.deadline), write_(write), done_(std::move(done)) {}

  const StateWrite* write() const override { return &write_; }
  std::string_view key() const override { return write_.key; }
  void Take(Layout /*layout*/, const QueryResult& result, int /*row*/) override {
    outcome_ = ReadOutcome(write_, result);
  }
  void Fail(Status status) override { outcome_ = std::move(status); }
  void Complete() override { std::move(done_)(std::move(outcome_)); }

 private:
  const StateWrite write_;
  WriteOutcome outcome_;
  Done<Etag> done_;
};

}  // namespace MECHA_COMPONENT
