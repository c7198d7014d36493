// SPDX-License-Identifier: Apache-2.0
// MessageQueue: the messages of one group that are in nobody's hands: those that can be taken, in
// the topic's order, and those that were given back for later. It takes no lock and reads no clock:
// its topic does both.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "call/clock.h"
#include "stored_message.h"

namespace MECHA_COMPONENT {

class MessageQueue {
 public:
  // Sequences grow from call to call.
  void Push(StoredMessage message) { fresh_.push_back(std::move(message)); }
  // Back to its place by its sequence: at once, or when `due` has come.
  void Return(StoredMessage message, std::optional<SteadyTime> due);
  // Makes ready what is due.
  void Release(SteadyTime now);

  // How many can be taken.
  size_t ready() const { return fresh_.size() + returned_.size(); }
  // All of them, those for later too.
  size_t size() const { return ready() + delayed_.size(); }
  bool has_delayed() const { return !delayed_.empty(); }
  // When the next of those for later is due. Only when there is one.
  SteadyTime next_due() const { return delayed_.begin()->first.first; }
  // The first one. Only when one is ready.
  StoredMessage Take();
  // Of those to be taken soon: another thread wrote them, and this one's cache has yet to see them.
  void Prefetch() const;
  void Clear();

 private:
  std::deque<StoredMessage> fresh_;             // never taken so far
  std::map<uint64_t, StoredMessage> returned_;  // by sequence
  std::map<std::pair<SteadyTime, uint64_t>, StoredMessage> delayed_;
};

}  // namespace MECHA_COMPONENT
