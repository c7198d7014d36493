// SPDX-License-Identifier: Apache-2.0
// Request: one or several messages as an event of a queue and as the result the host reads. It is
// answered once: by the host, by its time-out, or by whoever takes it back.
//
// Whoever claims it first may end it; the rest finds it ended. Links and the reply timeout belong
// to its registration, under that one's lock.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "call/clock.h"
#include "inbound/message.h"
#include "operation/result.h"
#include "result/block_pool.h"

namespace mecha {

class Registration;

class Request final : public Result {
 public:
  // Of one message, which is what most have, or of a batch.
  Request(std::shared_ptr<Registration> registration, Offered message);
  Request(std::shared_ptr<Registration> registration, std::vector<Offered> messages);
  ~Request() override;

  // new (pool) Request(...): Release gives it back there.
  static void* operator new(size_t size, BlockPool* pool) { return BlockPool::Take(pool, size); }
  static void operator delete(void* block, BlockPool*) { BlockPool::Give(block); }
  static void operator delete(void* block) { BlockPool::Give(block); }

  std::span<const Offered> messages() const { return messages_; }
  const std::shared_ptr<Registration>& registration() const { return registration_; }
  bool is_batch() const;

  // True for one caller: it ends the request. `unseen_only`: only while no host has it.
  bool Claim(bool unseen_only = false);
  bool is_open() const { return state_.load(std::memory_order_acquire) != State::kEnded; }
  bool is_taken() const { return state_.load(std::memory_order_acquire) == State::kTaken; }

  // When it must be answered; never before it was taken.
  SteadyTime reply_by() const { return reply_by_.load(std::memory_order_acquire); }
  void set_reply_by(SteadyTime time) { reply_by_.store(time, std::memory_order_release); }
  // What was left of that when it was taken.
  Duration remaining() const { return remaining_; }

  bool OnTaken(SteadyTime now) override;
  void OnDropped() override;

  // Headers of one message: the envelope's attributes and the broker's metadata. Built when first
  // asked for.
  std::span<const std::pair<std::string, std::string>> HeadersOf(size_t index) const;

  // In the request table; for whoever claimed it.
  bool is_listed = true;

  // The registration's list of open requests.
  Request* before = nullptr;
  Request* after = nullptr;

 private:
  enum class State : uint8_t { kWaiting, kTaken, kEnded };
  using Headers = std::vector<std::pair<std::string, std::string>>;

  const std::shared_ptr<Registration> registration_;
  const Offered one_message_;
  const std::vector<Offered> many_messages_;
  std::span<const Offered> messages_;  // either
  ResultItem one_item_;
  std::vector<ResultItem> many_items_;
  std::atomic<State> state_{State::kWaiting};
  std::atomic<SteadyTime> reply_by_{SteadyTime::max()};
  Duration remaining_{0};
  mutable std::once_flag headers_once_;
  mutable std::vector<Headers> headers_;
};

}  // namespace mecha
