// SPDX-License-Identifier: Apache-2.0
#include "call/futex.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <ctime>

namespace mecha {
namespace {

// A clock moved by a test is noticed at the latest after this long.
constexpr Duration kLongestSleep = std::chrono::seconds(60);

void Wake(std::atomic<uint32_t>& word, int most) {
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAKE_PRIVATE, most, nullptr, nullptr,
          0);
}

}  // namespace

int FutexWait(std::atomic<uint32_t>& word, uint32_t expected, Duration timeout) {
  const Duration sleep = std::min(timeout, kLongestSleep);
  timespec relative{};
  relative.tv_sec = sleep.count() / 1'000'000'000;
  relative.tv_nsec = sleep.count() % 1'000'000'000;
  const auto result = syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAIT_PRIVATE,
                              expected, &relative, nullptr, 0);
  return result == 0 ? 0 : errno;
}

void FutexWakeOne(std::atomic<uint32_t>& word) { Wake(word, 1); }
void FutexWakeAll(std::atomic<uint32_t>& word) { Wake(word, INT_MAX); }

}  // namespace mecha
