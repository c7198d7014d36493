// SPDX-License-Identifier: Apache-2.0
// GetManyOperation: reads several keys in one request to the store.
#pragma once

#include <string>
#include <vector>

#include "state/state_block.h"

namespace mecha {

// Prefix + key for every key, one after the other in one allocation.
class StoredKeys {
 public:
  StoredKeys(std::string_view prefix, std::span<const std::string_view> keys);

  std::span<const std::string_view> stored() const { return stored_; }
  // Key `index` as the caller wrote it.
  std::string_view plain(size_t index) const { return stored_[index].substr(prefix_size_); }
  size_t size() const { return stored_.size(); }

 private:
  const size_t prefix_size_;
  std::string bytes_;
  std::vector<std::string_view> stored_;
};

class GetManyOperation final : public Operation {
 public:
  GetManyOperation(StateBlock& block, const CallOptions& call,
                   std::span<const std::string_view> keys, const StateRead& read);

 protected:
  void Attempt() override;
  void Finish(const Status& status) override;
  std::unique_ptr<Error> MakeError(const Status& status) override;

 private:
  StateBlock& block_;
  const StateRead read_;
  StoredKeys keys_;
  std::vector<ResultItem> items_;
};

}  // namespace mecha
