// SPDX-License-Identifier: Apache-2.0
// PostgresRequest: one operation on a session that many share: what it asks, and what a result
// means for it. It does no input or output and knows no session. Used by one thread at a time;
// Complete runs under no lock.
#pragma once

#include <string_view>
#include <utility>

#include "channel/channel_request.h"
#include "contract/state_store.h"
#include "postgres_options.h"
#include "query_result.h"
#include "result/done.h"
#include "result/status.h"
#include "state_rows.h"

namespace MECHA_COMPONENT {

class PostgresRequest : public ChannelRequest {
 public:
  using ChannelRequest::ChannelRequest;

  // What it writes; null for a read of `key`.
  virtual const StateWrite* write() const = 0;
  virtual std::string_view key() const = 0;
  // Keeps what a result without error says. `row` is the one of its key, -1 when there is none.
  virtual void Take(Layout layout, const QueryResult& result, int row) = 0;
  bool is_write() const final { return write() != nullptr; }
};

class ReadRequest final : public PostgresRequest {
 public:
  ReadRequest(const CallContext& call, std::string_view key, Done<StateValue> done)
      : PostgresRequest(call), key_(key), done_(std::move(done)) {}

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
      : PostgresRequest(call), write_(write), done_(std::move(done)) {}

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
