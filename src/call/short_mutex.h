// SPDX-License-Identifier: Apache-2.0
// ShortMutex: a mutex around so little work that whoever finds it taken looks again for a moment
// before it sleeps: to sleep and to be woken costs far more. As std::mutex otherwise; to wait on a
// condition, lock it as one: std::unique_lock<std::mutex>.
#pragma once

#include <mutex>

namespace mecha {

class ShortMutex : public std::mutex {
 public:
  void lock() {
    for (int i = 0; i < kLooks; ++i) {
      if (try_lock()) {
        return;
      }
      Pause();
    }
    std::mutex::lock();
  }

 private:
  static constexpr int kLooks = 50;  // some microseconds

  static void Pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }
};

}  // namespace mecha
