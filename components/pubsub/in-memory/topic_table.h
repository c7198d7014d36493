// SPDX-License-Identifier: Apache-2.0
// TopicTable: the topics there are, found without a lock. A topic that was added stays until the
// table goes. Safe from any thread.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "topic.h"

namespace MECHA_COMPONENT {

class TopicTable {
 public:
  TopicTable() = default;
  ~TopicTable();
  TopicTable(const TopicTable&) = delete;
  TopicTable& operator=(const TopicTable&) = delete;

  // Null when there is none of that name.
  Topic* Find(std::string_view name) const;
  Topic& FindOrAdd(std::string_view name, size_t queue_depth, Host& host);

 private:
  static constexpr size_t kChains = 256;

  // Entries are added at the head of their chain and never change.
  struct Entry {
    std::shared_ptr<Topic> topic;
    const Entry* next;
  };
  using Chain = std::atomic<const Entry*>;

  static size_t ChainOf(std::string_view name);

  std::array<Chain, kChains> chains_{};
  std::mutex adding_;
  std::vector<std::unique_ptr<Entry>> entries_;
};

}  // namespace MECHA_COMPONENT
