// SPDX-License-Identifier: Apache-2.0
#include "state/get_many_operation.h"

#include <utility>

#include "state/get_operation.h"

namespace mecha {

StoredKeys::StoredKeys(std::string_view prefix, std::span<const std::string_view> keys)
    : prefix_size_(prefix.size()) {
  size_t total = 0;
  for (const std::string_view key : keys) {
    total += prefix.size() + key.size();
  }
  bytes_.reserve(total);  // the views below stay valid: it never grows again
  stored_.reserve(keys.size());
  for (const std::string_view key : keys) {
    const size_t start = bytes_.size();
    bytes_.append(prefix).append(key);
    stored_.emplace_back(bytes_.data() + start, prefix.size() + key.size());
  }
}

GetManyOperation::GetManyOperation(StateBlock& block, const CallOptions& call,
                                   std::span<const std::string_view> keys, const StateRead& read)
    : Operation(Verb::kGetMany, block.service().MakeTarget(), call),
      block_(block),
      read_(read),
      keys_(block.options().key_prefix, keys),
      items_(keys.size()) {
  for (size_t i = 0; i < items_.size(); ++i) {
    items_[i].key = keys_.plain(i);
  }
  SetItems(items_);
}

void GetManyOperation::Attempt() {
  if (items_.empty()) {
    AttemptDone(OkStatus());
    return;
  }
  block_.store().GetMany(context(), keys_.stored(), read_,
                         [this](StatusOr<std::vector<StatusOr<StateValue>>> values) {
                           Status status = values.status();
                           for (size_t i = 0; status.ok() && i < items_.size(); ++i) {
                             items_[i].status = (*values)[i].status();
                             if (items_[i].status.ok()) {
                               CountBytes((*values)[i]->data.size());
                               FillItem(items_[i], *std::move((*values)[i]));
                             }
                           }
                           AttemptDone(std::move(status));
                         });
}

void GetManyOperation::Finish(const Status& status) {
  for (ResultItem& item : items_) {
    if (!status.ok()) {
      item.status = status;
    } else if (!item.status.ok() && !IsNotFound(item.status)) {
      item.error = block_.service().MakeError(verb(), item.key, item.status);
      SetPartial();
    }
  }
}

std::unique_ptr<Error> GetManyOperation::MakeError(const Status& status) {
  return block_.service().MakeError(verb(), {}, status);
}

}  // namespace mecha
