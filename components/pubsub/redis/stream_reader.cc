// SPDX-License-Identifier: Apache-2.0
#include "stream_reader.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "connection/system_error.h"

namespace MECHA_COMPONENT {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Entries in one reply, before their size is known.
constexpr size_t kFirstCount = 64;
// Ids in one look at what the group has down as this consumer's, or in one return.
constexpr size_t kMostIds = 1000;
// How often what others gave back is looked for, and how long a read waits at most.
constexpr Duration kLongestWait = seconds(1);
constexpr Duration kShortestWait = milliseconds(20);
// With readTimeout -1, the end does not wait for ever.
constexpr Duration kLongestStop = seconds(5);

// Short beside the lease, which may begin as soon as the read was sent.
milliseconds WaitOf(const StreamOptions& options) {
  Duration wait = kLongestWait;
  if (options.processing_timeout > Duration::zero()) {
    wait = std::clamp(options.processing_timeout / 10, kShortestWait, kLongestWait);
  }
  return std::chrono::ceil<milliseconds>(wait);
}

}  // namespace

StreamReader::StreamReader(Host& host, const RedisOptions& connection, const StreamOptions& options,
                           std::shared_ptr<StreamKeeper> keeper, FeedListener& listener)
    : host_(host),
      connection_options_(connection),
      options_(options),
      keeper_(std::move(keeper)),
      listener_(listener),
      dialer_(host, connection_options_,
              [this] { return std::make_unique<RedisConnection>(host_, connection_options_); }),
      most_at_once_(kFirstCount) {}

StreamReader::~StreamReader() {
  Drop();
  connection_options_.Wipe();
}

Status StreamReader::Start(const CallContext& call) {
  ASSIGN_OR_RETURN(Opened opened, Open(call));
  Adopt(std::move(opened));
  host_.Post([self = shared_from_this()] { self->Wake(0); });
  return OkStatus();
}

void StreamReader::Request(size_t more) {
  {
    const std::lock_guard lock(mutex_);
    credit_ += more;
    if (!std::exchange(is_idle_, false)) {
      return;  // whoever has the turn asks for it
    }
  }
  host_.Post([self = shared_from_this()] { self->Wake(0); });
}

void StreamReader::Stop(Settled stopped) {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = std::move(stopped);
    is_stopping_ = true;
    is_idle_ = false;
    if (opening_ != nullptr && has_begun_) {
      opening_->Stop(StopCause::kCancelled);
    } else if (opening_ != nullptr) {
      opening_.reset();  // where the host lends the threads, it might never begin
      has_turn_ = false;
    }
  }
  keeper_->hand().is_stopped = true;
  keeper_->EndWait();
  host_.Post([self = shared_from_this()] { self->Wake(0); });
}

// Takes the turn, or leaves word for whoever has it.
void StreamReader::Wake(short ready) {
  {
    const std::lock_guard lock(mutex_);
    ready_ = static_cast<short>(ready_ | ready);
    is_wanted_ = true;
    if (std::exchange(has_turn_, true)) {
      return;
    }
  }
  TakeTurns();
}

void StreamReader::TakeTurns() {
  for (;;) {
    short ready = 0;
    {
      const std::lock_guard lock(mutex_);
      if (!std::exchange(is_wanted_, false)) {
        has_turn_ = false;
        return;
      }
      ready = std::exchange(ready_, static_cast<short>(0));
    }
    if (Step(ready) == Turn::kElsewhere) {
      return;
    }
  }
}

StreamReader::Turn StreamReader::Step(short ready) {
  if (link_ != nullptr) {
    const Status status = Exchange(ready);
    if (status.ok()) {
      if (has_left_) {
        return End();
      }
      return Turn::kGoesOn;
    }
    Lose(status);
  }
  bool is_stopping = false;
  {
    const std::lock_guard lock(mutex_);
    is_stopping = is_stopping_;
  }
  // What the server still has down as ours comes again when its lease has ended.
  return is_stopping ? End() : Reopen();
}

// Nobody takes another turn.
StreamReader::Turn StreamReader::End() {
  Drop();
  Settled stopped;
  {
    const std::lock_guard lock(mutex_);
    stopped = std::move(stopped_);
    opened_.reset();
  }
  std::move(stopped)(OkStatus());
  return Turn::kElsewhere;
}

Status StreamReader::Exchange(short ready) {
  if ((ready & POLLIN) != 0) {
    RETURN_IF_ERROR(Receive());
  }
  if (is_sending_) {
    RETURN_IF_ERROR(SendMore());
  }
  if (asked_ == Asked::kNothing) {
    return AskNext();
  }
  return CheckAnswer();
}

Status StreamReader::CheckAnswer() {
  const SteadyTime now = host_.clock().Now();
  if (now >= answer_by_) {
    return NoProgress("wait for a reply of " + link_->Name(), now - asked_at_);
  }
  if (answer_by_ == SteadyTime::max() && keeper_->hand().is_stopped) {
    answer_by_ = now + kLongestStop;
  }
  if (answer_by_ != SteadyTime::max()) {
    ArmAlarm(answer_by_);
  }
  return OkStatus();
}

Status StreamReader::Receive() {
  bool may_have_more = true;
  while (may_have_more) {
    ASSIGN_OR_RETURN(may_have_more, link_->ReceiveNow(room_));
    for (;;) {
      ASSIGN_OR_RETURN(Reply * reply, link_->NextReply());
      if (reply == nullptr) {
        break;
      }
      RETURN_IF_ERROR(Take(*reply));
    }
    if (asked_ != Asked::kNothing && answer_by_ != SteadyTime::max()) {
      answer_by_ = std::max(answer_by_, host_.clock().Now() + connection_options_.read_timeout);
    }
  }
  return OkStatus();
}

Status StreamReader::SendMore() {
  ASSIGN_OR_RETURN(const bool is_sent, link_->SendNow());
  is_sending_ = !is_sent;
  host_.Await(watch_, static_cast<short>(is_sent ? POLLIN : POLLIN | POLLOUT));
  return OkStatus();
}

// Sends commands().
Status StreamReader::Ask(Asked what) {
  asked_ = what;
  asked_at_ = host_.clock().Now();
  const Duration patience = connection_options_.read_timeout;
  if (patience != Duration::max()) {
    answer_by_ = asked_at_ + patience + (what == Asked::kNew ? kLongestWait : Duration::zero());
    ArmAlarm(answer_by_);
  }
  link_->BeginSend();
  ASSIGN_OR_RETURN(const bool is_sent, link_->SendNow());
  if (!is_sent) {
    is_sending_ = true;
    host_.Await(watch_, POLLIN | POLLOUT);
  }
  return OkStatus();
}

// Whether the next command must go over another connection.
bool StreamReader::MustReconnect() const {
  return dialer_.MustReplace(*link_, host_.clock().Now(), Duration::zero());
}

Status StreamReader::AskNext() {
  size_t credit = 0;
  bool is_stopping = false;
  {
    const std::lock_guard lock(mutex_);
    credit = credit_;
    is_stopping = is_stopping_;
  }
  link_->commands().Clear();
  const StreamPlace& place = keeper_->place();
  if (!untaken_.empty()) {
    return AskToTakeBack(Asked::kUntake, untaken_);
  }
  if (!give_back_.empty()) {
    return AskToTakeBack(Asked::kGiveBack, give_back_);
  }
  if (keeper_->hand().may_have_strays.exchange(false) || is_looking_at_own_) {
    is_looking_at_own_ = true;
    AddOwn(link_->commands(), place, own_from_, kMostIds);
    return Ask(Asked::kOwn);
  }
  if (is_stopping) {
    return AskBeforeEnd();
  }
  if (MustReconnect()) {
    Drop();
    retry_at_ = {};
    const std::lock_guard lock(mutex_);
    is_wanted_ = true;
    return OkStatus();
  }
  return AskForMessages(credit);
}

// The last ones of `ids`.
Status StreamReader::AskToTakeBack(Asked what, std::span<const StreamId> ids) {
  asked_count_ = std::min(ids.size(), kMostIds);
  AddOwnership(link_->commands(), form_, keeper_->place(),
               what == Asked::kUntake ? Ownership::kUntake : Ownership::kReturn,
               ids.last(asked_count_));
  return Ask(what);
}

// The last word to the server, unless something is still in hand: then the keeper has it.
Status StreamReader::AskBeforeEnd() {
  if (!keeper_->hand().empty()) {
    has_left_ = true;
    return OkStatus();
  }
  AddOwnership(link_->commands(), form_, keeper_->place(), Ownership::kLeave, {});
  return Ask(Asked::kLeave);
}

Status StreamReader::AskForMessages(size_t credit) {
  const SteadyTime now = host_.clock().Now();
  RedisCommands& commands = link_->commands();
  StreamHand& hand = keeper_->hand();
  if (credit == 0) {
    NoteSuccess();  // none come because none are asked for
    const std::lock_guard lock(mutex_);
    is_idle_ = credit_ == 0 && !is_stopping_;
    is_wanted_ |= !is_idle_;
    return OkStatus();
  }
  // Half of what may be in hand: while it is handled and acknowledged the other half comes.
  const size_t half = std::max(kFirstCount, (credit + hand.size() + 1) / 2);
  asked_count_ = std::min({credit, most_at_once_, half});
  if (hand.has_returned || now >= returned_at_) {
    hand.has_returned = false;
    AddTakeReturned(commands, form_, keeper_->place(), asked_count_);
    return Ask(Asked::kReturned);
  }
  if (options_.reclaims() && now >= silent_at_) {
    AddTakeSilent(commands, form_, keeper_->place(), asked_count_,
                  {silent_from_, options_.processing_timeout});
    return Ask(Asked::kSilent);
  }
  if (options_.reclaims() && now >= sweep_at_) {
    AddSweep(commands, form_, keeper_->place(), options_.gone_after());
    return Ask(Asked::kSweep);
  }
  hand.waiting_client = client_;
  if (hand.has_returned || hand.is_stopped) {
    hand.waiting_client = 0;
    return AskNext();  // since we looked
  }
  AddRead(commands, keeper_->place(), asked_count_, WaitOf(options_));
  return Ask(Asked::kNew);
}

}  // namespace MECHA_COMPONENT
