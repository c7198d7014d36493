// SPDX-License-Identifier: Apache-2.0
#include "state/apply_operation.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "encoding/quoted.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha {
namespace {

std::vector<std::string_view> KeysOf(std::span<const WriteRequest> writes) {
  std::vector<std::string_view> keys;
  keys.reserve(writes.size());
  for (const WriteRequest& write : writes) {
    keys.push_back(write.key);
  }
  return keys;
}

}  // namespace

ApplyOperation::ApplyOperation(StateBlock& block, const CallOptions& call,
                               const ApplyRequest& request)
    : Operation(Verb::kApply, block.service().MakeTarget(), call),
      block_(block),
      is_atomic_(request.is_atomic),
      keys_(block.options().key_prefix, KeysOf(request.writes)),
      etags_(request.writes.size()),
      items_(request.writes.size()) {
  for (size_t i = 0; i < items_.size(); ++i) {
    items_[i].key = keys_.plain(i);
  }
  SetItems(items_);
}

Status ApplyOperation::Prepare(const ApplyRequest& request) {
  writes_.reserve(items_.size());
  Status first_fault;
  for (size_t i = 0; i < items_.size(); ++i) {
    const std::string_view value = inputs().Keep(request.writes[i].value, options().must_copy);
    auto write = block_.Translate(request.writes[i]);
    if (!write.ok()) {
      items_[i].status = write.status();
      first_fault.Update(write.status());
      continue;
    }
    etags_[i] = Etag(write->etag);
    write->key = keys_.stored()[i];
    write->etag = etags_[i].view();
    write->value = value;
    writes_.push_back(*write);
    write_items_.push_back(i);
  }
  if (!is_atomic_) {
    return OkStatus();
  }
  return first_fault.ok() ? CheckTransaction() : first_fault;
}

Status ApplyOperation::CheckTransaction() const {
  const size_t most = block_.options().limits.most_transaction_writes;
  if (writes_.size() > most) {
    return Status(StatusCode::kOutOfRange,
                  "the transaction has " + std::to_string(writes_.size()) +
                      " writes and the limit is " + std::to_string(most) +
                      "; split it or raise the setting max_transaction_ops");
  }
  if (block_.service().info().SupportOf("transaction") == Support::kNone) {
    return Unimplemented("the store has no transactions; apply the writes independently");
  }
  std::unordered_set<std::string_view> seen;
  for (size_t i = 0; i < writes_.size(); ++i) {
    if (!seen.insert(writes_[i].key).second) {
      return InvalidArgument("the key " + Quoted(keys_.plain(i)) +
                             " stands twice in one transaction; write it once");
    }
  }
  return OkStatus();
}

void ApplyOperation::Attempt() {
  if (writes_.empty()) {
    AttemptDone(OkStatus());
    return;
  }
  auto done = [this](StatusOr<std::vector<WriteOutcome>> outcomes) {
    Status status = outcomes.status();
    if (status.ok()) {
      Record(*std::move(outcomes));
      const size_t fault = FaultIndex();
      if (is_atomic_ && fault < items_.size()) {
        status = items_[fault].status;
      }
    }
    AttemptDone(std::move(status));
  };
  if (is_atomic_) {
    block_.store().Transact(context(), writes_, std::move(done));
  } else {
    block_.store().WriteMany(context(), writes_, std::move(done));
  }
}

void ApplyOperation::Record(std::vector<WriteOutcome> outcomes) {
  for (size_t i = 0; i < writes_.size(); ++i) {
    ResultItem& item = items_[write_items_[i]];
    item.status = outcomes[i].status();
    if (item.status.ok()) {
      CountBytes(writes_[i].value.size());
      item.etag = *outcomes[i];
    }
  }
}

// The first write that failed by itself, not because of another.
size_t ApplyOperation::FaultIndex() const {
  const auto fault = std::ranges::find_if(items_, [](const ResultItem& item) {
    return !item.status.ok() && !IsCancelled(item.status);
  });
  return static_cast<size_t>(fault - items_.begin());
}

void ApplyOperation::Finish(const Status& status) {
  const size_t fault = FaultIndex();
  for (size_t i = 0; i < items_.size(); ++i) {
    ResultItem& item = items_[i];
    const bool is_to_blame = is_atomic_ ? fault < items_.size() : !item.status.ok();
    if (!status.ok() && !is_to_blame) {
      item.status = status;  // the whole failed, not this write
      continue;
    }
    if (is_atomic_ && !status.ok() && i != fault) {
      item.status = Cancelled("another write of the transaction failed");
    }
    if (!item.status.ok()) {
      item.error = block_.service().MakeError(verb(), item.key, item.status);
      if (!is_atomic_) {
        SetPartial();
      }
    }
  }
}

std::unique_ptr<Error> ApplyOperation::MakeError(const Status& status) {
  auto error = block_.service().MakeError(verb(), {}, status);
  if (IsOutOfRange(status)) {
    error->AddDetail("max_ops", std::to_string(block_.options().limits.most_transaction_writes));
  }
  const size_t fault = FaultIndex();
  if (is_atomic_ && fault < items_.size()) {
    error->AddDetail("index", std::to_string(fault));
    error->message +=
        " (write " + std::to_string(fault) + ", key " + Quoted(items_[fault].key) + ")";
  }
  return error;
}

}  // namespace mecha
