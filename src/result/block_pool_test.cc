// SPDX-License-Identifier: Apache-2.0
#include "result/block_pool.h"

#include <array>
#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "result/buffer.h"
#include "support/catch.h"

namespace mecha {
namespace {

bool IsFilled(const unsigned char* block, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    if (block[i] != size % 251) {
      return false;
    }
  }
  return true;
}

TEST_CASE("blocks of every size have room for it, and no two share any") {
  const BlockPool::Ptr pool = BlockPool::Create();
  for (int round = 0; round < 2; ++round) {
    std::vector<std::pair<unsigned char*, size_t>> blocks;
    for (size_t size = 1; size <= BlockPool::kLargest + 64; ++size) {
      auto* block = static_cast<unsigned char*>(BlockPool::Take(pool.get(), size));
      REQUIRE(reinterpret_cast<uintptr_t>(block) % alignof(std::max_align_t) == 0);
      std::memset(block, static_cast<int>(size % 251), size);
      blocks.emplace_back(block, size);
    }
    for (const auto& [block, size] : blocks) {
      REQUIRE(IsFilled(block, size));
      BlockPool::Give(block);
    }
  }
}

TEST_CASE("a block that came back is the next one of its size") {
  const BlockPool::Ptr pool = BlockPool::Create();
  void* first = BlockPool::Take(pool.get(), 1000);
  BlockPool::Give(first);
  void* second = BlockPool::Take(pool.get(), 1010);
  void* third = BlockPool::Take(pool.get(), 1000);
#if !defined(__SANITIZE_ADDRESS__)
  CHECK(second == first);
#endif
  CHECK(third != second);
  BlockPool::Give(second);
  BlockPool::Give(third);
}

TEST_CASE("blocks outlive the owner of their pool, and without a pool they are just allocated") {
  BlockPool::Ptr pool = BlockPool::Create();
  void* block = BlockPool::Take(pool.get(), 300);
  const Buffer buffer = Buffer::CopyOf("text", pool.get());
  const Buffer copy = buffer;
  auto shared =
      std::allocate_shared<std::array<char, 500>>(PoolAllocator<std::array<char, 500>>(pool.get()));
  pool.reset();
  CHECK(copy.view() == "text");
  std::memset(block, 1, 300);
  BlockPool::Give(block);
  shared->fill('x');
  shared.reset();
  void* alone = BlockPool::Take(nullptr, 300);
  std::memset(alone, 1, 300);
  BlockPool::Give(alone);
}

TEST_CASE("what some threads take others give back") {
  constexpr size_t kTakers = 2;
  constexpr size_t kRounds = 20'000;
  constexpr size_t kPlaces = 64;
  BlockPool::Ptr pool = BlockPool::Create();
  std::array<std::atomic<unsigned char*>, kPlaces> places{};
  std::atomic<size_t> torn{0};
  std::atomic<bool> is_over{false};
  const auto give = [&](unsigned char* block) {
    const size_t size = 100 + size_t{block[0]} * 4;
    for (size_t i = 1; i < size; ++i) {
      torn += block[i] == block[0] ? 0 : 1;
    }
    BlockPool::Give(block);
  };
  std::vector<std::thread> threads;
  for (size_t t = 0; t < kTakers; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < kRounds; ++i) {
        const size_t mark = (i * 7 + t) % 200;
        auto* block = static_cast<unsigned char*>(BlockPool::Take(pool.get(), 100 + mark * 4));
        std::memset(block, static_cast<int>(mark), 100 + mark * 4);
        if (unsigned char* before = places[(i + t) % kPlaces].exchange(block)) {
          give(before);
        }
      }
    });
  }
  threads.emplace_back([&] {
    for (size_t i = 0; !is_over; ++i) {
      if (unsigned char* block = places[i % kPlaces].exchange(nullptr)) {
        give(block);
      }
    }
  });
  threads[0].join();
  threads[1].join();
  is_over = true;
  threads[2].join();
  pool.reset();
  for (auto& place : places) {
    if (unsigned char* block = place.exchange(nullptr)) {
      give(block);
    }
  }
  CHECK(torn == 0);
}

}  // namespace
}  // namespace mecha
