// SPDX-License-Identifier: Apache-2.0
// Buffer: immutable, reference-counted bytes in one allocation. Stores build it straight from what
// they read; results hand out views of it. Copying shares; any thread may drop the last reference.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

#include "result/block_pool.h"

namespace mecha {

class Buffer {
 public:
  Buffer() = default;
  Buffer(const Buffer& other) noexcept : block_(other.block_) {
    if (block_ != nullptr) {
      block_->references.fetch_add(1, std::memory_order_relaxed);
    }
  }
  Buffer(Buffer&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Buffer& operator=(Buffer other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Buffer() { Drop(); }

  // Uninitialised bytes; the caller fills `mutable_data()` before sharing the buffer. From `pool`,
  // if there is one.
  static Buffer OfSize(size_t size, BlockPool* pool = nullptr) {
    Buffer buffer;
    void* memory = pool == nullptr ? ::operator new(sizeof(Block) + size)
                                   : BlockPool::Take(pool, sizeof(Block) + size);
    buffer.block_ = new (memory) Block;
    buffer.block_->is_of_pool = pool != nullptr;
    buffer.block_->size = size;
    return buffer;
  }
  static Buffer CopyOf(std::string_view bytes, BlockPool* pool = nullptr) {
    Buffer buffer = OfSize(bytes.size(), pool);
    if (!bytes.empty()) {
      std::memcpy(buffer.mutable_data(), bytes.data(), bytes.size());
    }
    return buffer;
  }

  bool is_null() const { return block_ == nullptr; }
  size_t size() const { return block_ == nullptr ? 0 : block_->size; }
  const char* data() const {
    return block_ == nullptr ? nullptr : reinterpret_cast<const char*>(block_ + 1);
  }
  std::string_view view() const { return {data(), size()}; }

  char* mutable_data() { return reinterpret_cast<char*>(block_ + 1); }
  // Shrinks the visible size, for a decoder that allocated an upper bound.
  void Truncate(size_t size) { block_->size = size; }

 private:
  struct alignas(std::max_align_t) Block {
    std::atomic<uint32_t> references{1};
    bool is_of_pool = false;
    size_t size = 0;
  };

  void Drop() noexcept {
    if (block_ != nullptr && block_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      const bool is_of_pool = block_->is_of_pool;
      block_->~Block();
      if (is_of_pool) {
        BlockPool::Give(block_);
      } else {
        ::operator delete(block_);
      }
    }
  }

  Block* block_ = nullptr;
};

}  // namespace mecha
