// SPDX-License-Identifier: Apache-2.0
#include <mutex>
#include <unordered_map>

#include "state_blocking/contender.h"

namespace bench {
namespace {

class MapPeer final : public Contender {
 public:
  std::string name() const override { return "unordered_map + mutex"; }

  // The value is copied out: a reference into the map would not survive the next writer.
  size_t Get(const Key& key) override {
    std::string copy;
    {
      const std::lock_guard lock(mutex_);
      const auto found = values_.find(key.stored);
      if (found == values_.end()) {
        Fail("unordered_map: absent key");
      }
      copy = found->second;
    }
    return copy.size();
  }

  void Set(const Key& key, std::string_view value) override {
    std::string copy(value);
    const std::lock_guard lock(mutex_);
    values_[key.stored].swap(copy);
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::string> values_;
};

}  // namespace

std::unique_ptr<Contender> MakeMapPeer() { return std::make_unique<MapPeer>(); }

}  // namespace bench
