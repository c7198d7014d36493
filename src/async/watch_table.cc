// SPDX-License-Identifier: Apache-2.0
#include "async/watch_table.h"

#include <poll.h>

#include <utility>

namespace mecha {
namespace {

uint32_t ToEpoll(short events) {
  return ((events & POLLIN) != 0 ? uint32_t{EPOLLIN} : 0U) |
         ((events & POLLOUT) != 0 ? uint32_t{EPOLLOUT} : 0U);
}

// A hang-up or an error shows in the next read or write, so it counts as both.
short ToPoll(uint32_t events) {
  const bool is_broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
  const int ready = ((events & EPOLLIN) != 0 || is_broken ? POLLIN : 0) |
                    ((events & EPOLLOUT) != 0 || is_broken ? POLLOUT : 0);
  return static_cast<short>(ready);
}

}  // namespace

uint64_t WatchTable::Add(int fd, OnReady on_ready) {
  auto entry = std::make_shared<Entry>();
  entry->fd = fd;
  entry->on_ready = std::move(on_ready);
  const std::lock_guard lock(mutex_);
  const uint64_t watch = next_++;
  entries_.emplace(watch, std::move(entry));
  count_.fetch_add(1, std::memory_order_relaxed);
  return watch;
}

// Nothing awaited means not registered: epoll would report hang-ups all the same.
void WatchTable::Register(uint64_t watch, Entry& entry) {
  if (epoll_fd_ < 0) {
    return;
  }
  epoll_event event{};
  event.events = ToEpoll(entry.awaited) | (one_shot_ ? uint32_t{EPOLLONESHOT} : 0U);
  event.data.u64 = watch;
  if (entry.awaited == 0) {
    if (std::exchange(entry.is_registered, false)) {
      epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, entry.fd, nullptr);
    }
  } else {
    const int operation = entry.is_registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    entry.is_registered = epoll_ctl(epoll_fd_, operation, entry.fd, &event) == 0;
  }
}

void WatchTable::Await(uint64_t watch, short events) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(watch);
  if (found == entries_.end() || found->second->awaited == events) {
    return;
  }
  found->second->awaited = events;
  if (!one_shot_ || !found->second->is_running) {
    Register(watch, *found->second);
  }
}

void WatchTable::Remove(uint64_t watch) {
  std::shared_ptr<Entry> entry;
  std::unique_lock lock(mutex_);
  const auto found = entries_.find(watch);
  if (found == entries_.end()) {
    return;
  }
  entry = std::move(found->second);
  entries_.erase(found);
  count_.fetch_sub(1, std::memory_order_relaxed);
  entry->is_removed = true;
  entry->awaited = 0;
  Register(watch, *entry);
  AwaitIdle(lock, *entry);
}

void WatchTable::AwaitIdle(std::unique_lock<std::mutex>& lock, const Entry& entry) {
  has_ended_.wait(lock, [&entry] {
    return !entry.is_running || pthread_equal(entry.runner, pthread_self()) != 0;
  });
}

void WatchTable::Dispatch(const epoll_event& event) {
  std::shared_ptr<Entry> entry;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(event.data.u64);
    if (found == entries_.end() || found->second->is_running) {
      return;
    }
    entry = found->second;
    entry->is_running = true;
    entry->runner = pthread_self();
  }
  entry->on_ready(ToPoll(event.events));
  const std::lock_guard lock(mutex_);
  entry->is_running = false;
  if (!entry->is_removed && one_shot_) {
    Register(event.data.u64, *entry);
  }
  if (entry->is_removed) {
    has_ended_.notify_all();
  }
}

void WatchTable::UseEpoll(int epoll_fd) {
  const std::lock_guard lock(mutex_);
  epoll_fd_ = epoll_fd;
  for (auto& [watch, entry] : entries_) {
    entry->is_registered = false;
    Register(watch, *entry);
  }
}

}  // namespace mecha
