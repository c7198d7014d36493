// SPDX-License-Identifier: Apache-2.0
// WatchTable: the descriptors a loop looks after for others, and what to call when one is ready. It
// registers them with an epoll descriptor that the loop owns, and again when the loop opens a new
// one. Safe from any thread; callbacks run on the thread that calls Dispatch, under no lock of the
// table.
#pragma once

#include <sys/epoll.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "contract/host.h"

namespace mecha {

class WatchTable {
 public:
  // With `one_shot` several threads may dispatch: a descriptor is disarmed while its callback runs.
  explicit WatchTable(bool one_shot) : one_shot_(one_shot) {}

  // Numbers of watches in epoll_event.data.u64 begin here; lower ones are the loop's own.
  static constexpr uint64_t kFirst = uint64_t{1} << 32;

  uint64_t Add(int fd, OnReady on_ready);
  void Await(uint64_t watch, short events);
  // Returns when its callback does not run and will not; inside the callback itself at once.
  void Remove(uint64_t watch);

  // Calls back for an event of epoll_wait.
  void Dispatch(const epoll_event& event);
  // Registers everything with a new epoll descriptor; -1: there is none now.
  void UseEpoll(int epoll_fd);
  bool empty() const { return count_.load(std::memory_order_relaxed) == 0; }

 private:
  struct Entry {
    int fd = -1;
    short awaited = 0;
    bool is_registered = false;
    bool is_running = false;
    bool is_removed = false;
    pthread_t runner{};
    OnReady on_ready;
  };

  void Register(uint64_t watch, Entry& entry);
  void AwaitIdle(std::unique_lock<std::mutex>& lock, const Entry& entry);

  const bool one_shot_;
  std::mutex mutex_;
  std::condition_variable has_ended_;
  std::unordered_map<uint64_t, std::shared_ptr<Entry>> entries_;
  std::atomic<size_t> count_{0};
  uint64_t next_ = kFirst;
  int epoll_fd_ = -1;
};

}  // namespace mecha
