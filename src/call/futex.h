// SPDX-License-Identifier: Apache-2.0
// Futex: sleeping on a 32-bit word and waking the sleepers. Only this process's threads; a signal
// ends the sleep, which std::atomic::wait would hide.
#pragma once

#include <atomic>
#include <cstdint>

#include "call/clock.h"

namespace mecha {

// Sleeps while `word` is `expected`, at most `timeout`. 0 when woken, else an errno: EAGAIN (the
// word differs), ETIMEDOUT, EINTR.
int FutexWait(std::atomic<uint32_t>& word, uint32_t expected, Duration timeout);
void FutexWakeOne(std::atomic<uint32_t>& word);
void FutexWakeAll(std::atomic<uint32_t>& word);

}  // namespace mecha
