// SPDX-License-Identifier: Apache-2.0
// BlockPool: memory for what one thread makes and another frees, over and over: messages. A block
// that is given back is kept for the next one of its size, without a lock and without the
// allocator, whose threads would get in each other's way. It keeps at most kMostKept bytes of a
// size, and lives until its last block is back, however long its owner is gone.
//
// Safe from any thread. Under AddressSanitizer it keeps nothing, so that what is freed is freed.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace mecha {

class BlockPool {
 public:
  struct Leave {
    void operator()(BlockPool* pool) const { pool->Abandon(); }
  };
  using Ptr = std::unique_ptr<BlockPool, Leave>;

  // Of one size, twice: once with those who take, once with what came back.
  static constexpr size_t kMostKept = size_t{1} << 20;
  // Larger blocks are not kept.
  static constexpr size_t kLargest = 4096;

  static Ptr Create() { return Ptr(new BlockPool); }

  // `size` bytes, aligned as by operator new. With no pool they are just allocated.
  static void* Take(BlockPool* pool, size_t size);
  static void Give(void* block) noexcept;

 private:
  struct Head;  // before each block
  // What came back of one size: a stack that is taken as a whole.
  struct alignas(64) Returned {
    std::atomic<Head*> first{nullptr};
    std::atomic<size_t> count{0};  // about
  };
  // Four sizes from one power of two to the next.
  static constexpr size_t kSmallest = 128;
  static constexpr size_t kSizes = 21;

  BlockPool() = default;
  ~BlockPool();
  static size_t IndexOf(size_t size);
  static size_t SizeOf(size_t index);
  Head* TakeKept(size_t index);
  void Claim();
  void Keep(Head* head) noexcept;
  void Abandon() noexcept;
  void Drop(size_t users) noexcept;

  // One thread takes at a time; the next two are its.
  std::atomic<bool> is_taking_{false};
  std::array<Head*, kSizes> mine_{};
  size_t claims_ = 0;  // users counted already, for blocks that will be taken
  std::array<Returned, kSizes> returned_;
  // Blocks outside, claims and the owner.
  alignas(64) std::atomic<size_t> users_{1};
};

// For std::allocate_shared.
template <class T>
struct PoolAllocator {
  using value_type = T;

  explicit PoolAllocator(BlockPool* from) : pool(from) {}
  template <class Other>
  PoolAllocator(const PoolAllocator<Other>& other)  // NOLINT: allocators convert
      : pool(other.pool) {}

  T* allocate(size_t count) { return static_cast<T*>(BlockPool::Take(pool, count * sizeof(T))); }
  void deallocate(T* block, size_t) noexcept { BlockPool::Give(block); }
  friend bool operator==(const PoolAllocator&, const PoolAllocator&) { return true; }

  BlockPool* pool;
};

}  // namespace mecha
