// SPDX-License-Identifier: Apache-2.0
#include "result/block_pool.h"

#include <bit>
#include <new>
#include <utility>

namespace mecha {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kKeeps = false;
#else
constexpr bool kKeeps = true;
#endif

// Users are counted so many at once: those who take touch the counter seldom.
constexpr size_t kClaims = 256;

}  // namespace

struct alignas(std::max_align_t) BlockPool::Head {
  BlockPool* home;  // null: of none
  size_t index;     // of its size

  void* block() { return this + 1; }
  // In the block, while nobody uses it.
  Head*& next() { return *reinterpret_cast<Head**>(this + 1); }
  static Head* Of(void* block) { return static_cast<Head*>(block) - 1; }
};

size_t BlockPool::IndexOf(size_t size) {
  if (size <= kSmallest) {
    return 0;
  }
  const auto power = static_cast<size_t>(std::bit_width(size - 1)) - 1;  // 2^power < size
  const size_t quarter = (size - 1) >> (power - 2) & 3;
  return (power - 7) * 4 + quarter + 1;
}

size_t BlockPool::SizeOf(size_t index) {
  const size_t base = kSmallest << index / 4;
  return base + base / 4 * (index % 4);
}

void* BlockPool::Take(BlockPool* pool, size_t size) {
  if (pool == nullptr || size > kLargest) {
    return (new (::operator new(sizeof(Head) + size)) Head{nullptr, 0})->block();
  }
  const size_t index = IndexOf(size);
  if (Head* head = pool->TakeKept(index)) {
    return head->block();
  }
  void* memory = ::operator new(sizeof(Head) + SizeOf(index));
  pool->users_.fetch_add(1, std::memory_order_relaxed);
  return (new (memory) Head{pool, index})->block();
}

// Null when nothing is kept; or when another thread takes just now: to allocate beats to wait.
BlockPool::Head* BlockPool::TakeKept(size_t index) {
  if (is_taking_.exchange(true, std::memory_order_acquire)) {
    return nullptr;
  }
  Head*& mine = mine_[index];
  if (mine == nullptr) {
    Returned& returned = returned_[index];
    mine = returned.first.exchange(nullptr, std::memory_order_acquire);
    returned.count.store(0, std::memory_order_relaxed);
  }
  Head* head = mine;
  if (head != nullptr) {
    mine = head->next();
    __builtin_prefetch(mine, 1);
    Claim();
  }
  is_taking_.store(false, std::memory_order_release);
  return head;
}

void BlockPool::Claim() {
  if (claims_ == 0) {
    users_.fetch_add(kClaims, std::memory_order_relaxed);
    claims_ = kClaims;
  }
  --claims_;
}

void BlockPool::Give(void* block) noexcept {
  Head* head = Head::Of(block);
  BlockPool* home = head->home;
  if (home == nullptr) {
    ::operator delete(head);
    return;
  }
  home->Keep(head);
  home->Drop(1);
}

void BlockPool::Keep(Head* head) noexcept {
  Returned& returned = returned_[head->index];
  const size_t before = returned.count.load(std::memory_order_relaxed);
  if (!kKeeps || before >= kMostKept / SizeOf(head->index)) {
    ::operator delete(head);
    return;
  }
  returned.count.store(before + 1, std::memory_order_relaxed);  // about: others may count at once
  head->next() = returned.first.load(std::memory_order_relaxed);
  while (!returned.first.compare_exchange_weak(head->next(), head, std::memory_order_release,
                                               std::memory_order_relaxed)) {
  }
}

void BlockPool::Abandon() noexcept {
  is_taking_.exchange(true, std::memory_order_acquire);  // nobody takes any more
  Drop(claims_ + 1);
}

void BlockPool::Drop(size_t users) noexcept {
  if (users_.fetch_sub(users, std::memory_order_acq_rel) == users) {
    delete this;
  }
}

BlockPool::~BlockPool() {
  for (size_t index = 0; index < kSizes; ++index) {
    for (Head* list : {mine_[index], returned_[index].first.load(std::memory_order_acquire)}) {
      while (list != nullptr) {
        ::operator delete(std::exchange(list, list->next()));
      }
    }
  }
}

}  // namespace mecha
