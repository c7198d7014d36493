// SPDX-License-Identifier: Apache-2.0
// How a StreamReader gets its connection and what it does without one.
#include <poll.h>

#include <algorithm>
#include <string>
#include <utility>

#include "redis/redis_error.h"
#include "stream_reader.h"

namespace MECHA_COMPONENT {
namespace {

using std::chrono::milliseconds;

constexpr Duration kFirstPause = milliseconds(100);
constexpr Duration kLongestPause = std::chrono::seconds(2);
constexpr size_t kMostDoublings = 8;

}  // namespace

// A connection whose server knows the group. Waits on the caller's thread.
StatusOr<StreamReader::Opened> StreamReader::Open(const CallContext& call) {
  ASSIGN_OR_RETURN(std::unique_ptr<ServerConnection> dialed, dialer_.Dial(call));
  Opened opened;
  opened.connection.reset(static_cast<RedisConnection*>(dialed.release()));
  RedisConnection& connection = *opened.connection;
  connection.commands().Clear();
  AddGroup(connection.commands(), keeper_->place());
  connection.commands().AddCommand({"CLIENT", "ID"});
  RETURN_IF_ERROR(connection.Send(call));
  ASSIGN_OR_RETURN(const Reply* made, connection.Receive(call));
  Status status;
  if (made->is_error() && !made->text().starts_with("BUSYGROUP")) {
    status = WithPrefix(FromServer(made->text()).status, "make the consumer group \"" +
                                                             keeper_->place().group + "\" of \"" +
                                                             keeper_->place().topic + "\"");
  }
  ASSIGN_OR_RETURN(const Reply* client, connection.Receive(call));
  opened.client = client->is_error() ? 0 : client->integer;
  if (!status.ok()) {
    return status;
  }
  return opened;
}

void StreamReader::Adopt(Opened opened) {
  link_ = std::move(opened.connection);
  link_->commands().Clear();
  client_ = opened.client;
  asked_ = Asked::kNothing;
  is_sending_ = false;
  own_from_ = {};
  keeper_->hand().may_have_strays = true;
  keeper_->hand().has_returned = true;
  watch_ = host_.Watch(link_->fd(), [self = weak_from_this()](short ready) {
    if (const auto reader = self.lock()) {
      reader->Wake(ready);
    }
  });
  host_.Await(watch_, POLLIN);
}

void StreamReader::Drop() {
  keeper_->hand().waiting_client = 0;
  if (link_ != nullptr) {
    host_.Unwatch(watch_);
    link_.reset();
  }
  asked_ = Asked::kNothing;
  is_sending_ = false;
  answer_by_ = SteadyTime::max();
}

// What the server put into a reply that never came is found by looking at what it has down as ours.
void StreamReader::Lose(const Status& status) {
  Drop();
  if (IsDataLoss(status)) {
    most_at_once_ = 1;  // maybe a reply was too large
  }
  ++failures_;
  // The first loss may be the end of an old connection, or a server that is back at once.
  if (failures_ > 1) {
    const size_t doublings = std::min(failures_ - 2, kMostDoublings);
    retry_at_ = host_.clock().Now() + std::min(kFirstPause * (1U << doublings), kLongestPause);
    if (std::exchange(is_healthy_, false)) {
      listener_.OnHealth(status);
    }
  }
}

void StreamReader::NoteSuccess() {
  failures_ = 0;
  retry_at_ = {};
  if (!std::exchange(is_healthy_, true)) {
    listener_.OnHealth(OkStatus());
  }
}

// Goes on with the connection that was opened, or opens one when it is time to.
StreamReader::Turn StreamReader::Reopen() {
  std::optional<StatusOr<Opened>> opened;
  {
    const std::lock_guard lock(mutex_);
    opened = std::exchange(opened_, std::nullopt);
    is_wanted_ |= opened.has_value();
  }
  if (opened.has_value()) {
    if (opened->ok()) {
      Adopt(*std::move(*opened));
    } else {
      Lose(opened->status());
    }
    return Turn::kGoesOn;
  }
  if (host_.clock().Now() < retry_at_) {
    ArmAlarm(retry_at_);
    return Turn::kGoesOn;
  }
  const std::lock_guard lock(mutex_);
  if (is_stopping_) {
    is_wanted_ = true;
    return Turn::kGoesOn;
  }
  opening_ = std::make_shared<Waiter>();
  has_begun_ = false;
  host_.PostBlocking([self = shared_from_this(), waiter = opening_] { self->OpenOnPool(waiter); });
  return Turn::kElsewhere;
}

// Has the turn, and hands it back to the I/O thread.
void StreamReader::OpenOnPool(const std::shared_ptr<Waiter>& waiter) {
  {
    const std::lock_guard lock(mutex_);
    if (opening_ != waiter) {
      return;  // taken out
    }
    has_begun_ = true;
  }
  CallContext call;
  call.waiter = waiter.get();
  call.may_block = true;
  call.deadline = Deadline::After(host_.clock().Now(), connection_options_.dial_timeout);
  auto opened = Open(call);
  {
    const std::lock_guard lock(mutex_);
    opened_ = std::move(opened);
    opening_.reset();
    is_wanted_ = true;
  }
  host_.Post([self = shared_from_this()] { self->TakeTurns(); });
}

// One timer, for the earliest moment at which a turn is due.
void StreamReader::ArmAlarm(SteadyTime at) {
  {
    const std::lock_guard lock(mutex_);
    if (at >= alarm_at_) {
      return;
    }
    alarm_at_ = at;
  }
  host_.RunAfter(std::max(Duration(1), at - host_.clock().Now()), [weak = weak_from_this(), at] {
    if (const auto self = weak.lock()) {
      {
        const std::lock_guard lock(self->mutex_);
        if (self->alarm_at_ == at) {
          self->alarm_at_ = SteadyTime::max();
        }
      }
      self->Wake(0);
    }
  });
}

}  // namespace MECHA_COMPONENT
