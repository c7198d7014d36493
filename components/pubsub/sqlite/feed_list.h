// SPDX-License-Identifier: Apache-2.0
// FeedList: the feeds of this process, to be woken when there may be something for them. Once a
// second it wakes them all, in case another process's word was lost. Safe from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "contract/host.h"

namespace MECHA_COMPONENT {

class Sleeper {
 public:
  virtual ~Sleeper() = default;
  // There may be something to take. Called under no lock; does not block.
  virtual void Wake() = 0;
  virtual std::string_view topic() const = 0;
};

class FeedList : public std::enable_shared_from_this<FeedList> {
 public:
  // `host` outlives it.
  explicit FeedList(Host& host) : host_(host) {}

  void Add(std::shared_ptr<Sleeper> sleeper);
  void Remove(const Sleeper* sleeper);
  // Wakes those of one topic; all of them when it is empty.
  void Wake(std::string_view topic);

 private:
  void Arm();
  void OnTick();

  Host& host_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Sleeper>> sleepers_;
  uint64_t timer_ = 0;
  bool is_armed_ = false;
};

}  // namespace MECHA_COMPONENT
