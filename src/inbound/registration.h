// SPDX-License-Identifier: Apache-2.0
// Registration: what a host serves, as messages see it: they wait here until there is credit and,
// where order is asked for, until those before them are over; then they become requests in the
// host's queue. It knows no broker and no topic.
//
// Safe from any thread. Sources and queues are called without its lock, so that they may come back.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "async/runtime_host.h"
#include "call/deadline.h"
#include "call/short_mutex.h"
#include "inbound/message.h"
#include "inbound/request.h"
#include "inbound/request_table.h"
#include "operation/completion_queue.h"
#include "result/block_pool.h"

namespace mecha {

enum class Ordering : uint8_t { kNone, kPerKey, kSerial };

struct RegistrationOptions {
  uint32_t kind = 0;  // MECHA_SERVE_*
  uint64_t token = 0;
  uint32_t credit = 64;
  bool is_batch = false;
  uint32_t batch_max = 1;  // 1 unless is_batch
  Duration batch_wait{0};
  Ordering ordering = Ordering::kNone;
  Duration reply_timeout = std::chrono::seconds(60);
};

class Registration final : public std::enable_shared_from_this<Registration> {
 public:
  // How its requests ended.
  struct Tally {
    uint64_t finished = 0;   // answered, or over their time
    uint64_t returned = 0;   // given back unseen
    uint64_t abandoned = 0;  // in a handler, and not waited for any longer
  };

  Registration(std::shared_ptr<RuntimeHost> host, std::shared_ptr<RequestTable> requests,
               std::shared_ptr<CompletionQueue> queue, RegistrationOptions options);
  ~Registration();

  const RegistrationOptions& options() const { return options_; }
  const std::shared_ptr<CompletionQueue>& queue() const { return queue_; }

  // By a source: more messages to handle, in their order; moved from. Answered in any case.
  void Offer(std::span<Offered> messages);
  void Offer(Offered message) { Offer(std::span(&message, 1)); }
  // The same for one that said kComesAgain: it goes before those that wait behind it.
  void OfferAgain(Offered message);
  // Instead of OfferAgain: it does not come again, so that those behind it go on.
  void Forget(const Message& message);

  // How many requests may be open. Tells the listener.
  void SetCredit(uint32_t credit);
  uint32_t credit() const;
  // How many messages its sources may have in hand for it.
  uint32_t window() const;
  // Called when `window` has changed; set before the registration is shared.
  void SetWindowListener(std::function<void()> listener) { window_listener_ = std::move(listener); }

  // Nothing becomes a request until Resume; what waits, here or in the queue, goes back.
  void Hold();
  void Resume();
  // Hold, for ever. What sources still offer goes back.
  void Stop();
  bool is_stopped() const;

  // Takes back what no handler has of one source.
  void Withdraw(const MessageSource& source);
  // Ends the requests that hold messages of one source; null: all. The host's replies are GONE.
  void Abandon(const MessageSource* source);
  // The lease of a message is over: its request turns cancelled. True when it was here.
  bool Lose(const Message& message);

  // Ends a request that the caller has claimed; every message gets `answer`, or its own.
  void End(Request& request, const Answer& answer) { EndEach(request, {&answer, 1}); }
  void EndEach(Request& request, std::span<const Answer> answers);

  // Those that are not answered, in handlers or on their way there.
  size_t open() const;
  // Waits until there are none. False at the deadline.
  bool AwaitAnswers(Deadline deadline);
  Tally tally() const;

 private:
  struct Waiting {
    Offered message;
    bool holds_its_key = false;  // comes again
    SteadyTime since{};
  };

  // The messages of one key that are not over, in their order.
  struct Line {
    std::vector<const Message*> messages;
    uint64_t request = 0;  // the last one that took some
    size_t taken = 0;      // by that one: always the first ones
  };

  // The key that keeps messages in order; null: none does.
  const std::string* KeyOf(const Message& message) const;
  void Pump();
  void PumpLocked(std::unique_lock<ShortMutex>& lock);
  Request* TakeNextLocked();
  Request* MakeRequestLocked();
  std::vector<Offered> TakeMessagesLocked();
  void TakeInLocked(Offered message, bool comes_again);
  bool IsBeforeLocked(const Message& message, const Message& other) const;
  bool TakeTurnLocked(const std::string& key, const Waiting& waiting);
  bool IsBatchDueLocked();
  void Hand(std::span<Request* const> requests);
  void TellAnswer(const Offered& message, Answer answer);
  void TellHandled(std::span<const Offered> messages);
  void LinkLocked(Request* request);
  void UnlinkLocked(Request* request);
  void CountLocked(Answer::Kind kind, size_t messages);
  void ReleaseKey(const Message& message);
  void TellWindow();
  // Answers what waits for credit or order; how much that was.
  template <class IsWanted>
  size_t AnswerWaiting(IsWanted is_wanted, Answer::Kind kind);
  // What no handler has, of one source or all, goes back.
  void ReturnUnseen(const MessageSource* source);
  // Open requests, each with a reference added.
  template <class IsWanted>
  std::vector<Request*> CollectOpen(IsWanted is_wanted);
  void EndAll(const std::vector<Request*>& requests, Answer::Kind kind, bool unseen_only);
  void ArmSweepLocked(Duration after);
  void Sweep();

  const std::shared_ptr<RuntimeHost> host_;
  const std::shared_ptr<RequestTable> requests_;
  const std::shared_ptr<CompletionQueue> queue_;
  const RegistrationOptions options_;
  const std::string one_key_;  // of kSerial
  std::function<void()> window_listener_;
  const BlockPool::Ptr pool_ = BlockPool::Create();  // of requests

  mutable ShortMutex mutex_;
  uint32_t credit_;
  bool is_held_ = false;
  bool is_stopped_ = false;
  bool is_pumping_ = false;
  bool must_pump_again_ = false;
  std::deque<Waiting> waiting_;
  std::unordered_map<std::string, Line> lines_;  // by key
  uint64_t requests_made_ = 0;
  Request* first_open_ = nullptr;
  size_t open_count_ = 0;
  std::condition_variable all_answered_;
  uint64_t sweep_timer_ = 0;
  uint64_t batch_timer_ = 0;
  Tally tally_;
};

}  // namespace mecha
