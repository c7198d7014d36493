// SPDX-License-Identifier: Apache-2.0
#include "call/futex.h"

#include <cerrno>
#include <thread>
#include <vector>

#include "support/catch.h"

namespace mecha {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a futex does not sleep on a word that differs") {
  std::atomic<uint32_t> word{1};
  CHECK(FutexWait(word, 0, Duration::max()) == EAGAIN);
}

TEST_CASE("a futex sleep ends at its time-out") {
  std::atomic<uint32_t> word{0};
  const auto before = std::chrono::steady_clock::now();
  int result = EINTR;
  while (result == EINTR) {
    result = FutexWait(word, 0, 5ms);
  }
  CHECK(result == ETIMEDOUT);
  CHECK(std::chrono::steady_clock::now() - before >= 5ms);
}

TEST_CASE("waking all ends every sleep") {
  std::atomic<uint32_t> word{0};
  std::vector<std::thread> sleepers;
  for (int i = 0; i < 3; ++i) {
    sleepers.emplace_back([&] {
      while (word.load() == 0) {
        FutexWait(word, 0, Duration::max());
      }
    });
  }
  word.store(1);
  FutexWakeAll(word);
  for (std::thread& sleeper : sleepers) {
    sleeper.join();
  }
  SUCCEED("all woke");
}

TEST_CASE("waking one ends the only sleep") {
  std::atomic<uint32_t> word{0};
  std::thread sleeper([&] {
    while (word.load() == 0) {
      FutexWait(word, 0, Duration::max());
    }
  });
  word.store(1);
  FutexWakeOne(word);
  sleeper.join();
  SUCCEED("it woke");
}

}  // namespace
}  // namespace mecha
