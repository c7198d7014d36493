// SPDX-License-Identifier: Apache-2.0
#include "topic_table.h"

#include <functional>

namespace MECHA_COMPONENT {

TopicTable::~TopicTable() {
  for (const auto& entry : entries_) {
    entry->topic->Close();
  }
}

size_t TopicTable::ChainOf(std::string_view name) {
  return std::hash<std::string_view>{}(name) % kChains;
}

Topic* TopicTable::Find(std::string_view name) const {
  const Chain& chain = chains_[ChainOf(name)];
  for (const Entry* entry = chain.load(std::memory_order_acquire); entry != nullptr;
       entry = entry->next) {
    if (entry->topic->name() == name) {
      return entry->topic.get();
    }
  }
  return nullptr;
}

Topic& TopicTable::FindOrAdd(std::string_view name, size_t queue_depth, Host& host) {
  const std::lock_guard lock(adding_);
  if (Topic* const found = Find(name)) {
    return *found;
  }
  Chain& chain = chains_[ChainOf(name)];
  entries_.push_back(std::make_unique<Entry>(Entry{std::make_shared<Topic>(name, queue_depth, host),
                                                   chain.load(std::memory_order_relaxed)}));
  chain.store(entries_.back().get(), std::memory_order_release);
  return *entries_.back()->topic;
}

}  // namespace MECHA_COMPONENT
