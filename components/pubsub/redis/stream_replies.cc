// SPDX-License-Identifier: Apache-2.0
// What the replies to a StreamReader mean.
#include <algorithm>
#include <utility>

#include "keeper_request.h"
#include "redis/redis_error.h"
#include "stream_reader.h"

namespace MECHA_COMPONENT {
namespace {

constexpr size_t kMostCount = 4096;
// Replies are to be about so large, however large the entries are.
constexpr size_t kSmallReply = 2 * 1024 * 1024;
constexpr size_t kLargeReply = 16 * 1024 * 1024;
constexpr Duration kReturnedEvery = std::chrono::seconds(1);

Status NotUnderstood() {
  return Status(StatusCode::kDataLoss, "Redis answered for a stream with something else");
}

}  // namespace

Status StreamReader::Take(Reply& reply) {
  const Asked asked = std::exchange(asked_, Asked::kNothing);
  answer_by_ = SteadyTime::max();
  keeper_->hand().waiting_client = 0;
  if (asked == Asked::kNothing) {
    return UnaskedReply();
  }
  if (form_ == ScriptForm::kHash && IsNoScript(reply)) {
    form_ = ScriptForm::kText;  // and asks again
    return OkStatus();
  }
  form_ = ScriptForm::kHash;
  if (!reply.is_error()) {
    return TakeMeaning(asked, reply);
  }
  failures_ = std::max<size_t>(failures_, 1);  // no end of an old connection: say so at once
  if (IsNoGroup(reply.text())) {
    return Unavailable("the stream \"" + keeper_->place().topic + "\" or its consumer group \"" +
                       keeper_->place().group + "\" was deleted; it is made again, empty");
  }
  return WithPrefix(FromServer(reply.text()).status, "read \"" + keeper_->place().topic + "\"");
}

Status StreamReader::TakeMeaning(Asked asked, Reply& reply) {
  const SteadyTime now = host_.clock().Now();
  switch (asked) {
    case Asked::kNew:
      return TakeNew(reply);
    case Asked::kReturned:
    case Asked::kSilent:
      return TakeOver(asked, reply);
    case Asked::kOwn:
      TakeOwn(reply);
      return OkStatus();
    case Asked::kGiveBack:
    case Asked::kUntake: {
      std::vector<StreamId>& ids = asked == Asked::kUntake ? untaken_ : give_back_;
      ids.resize(ids.size() - asked_count_);
      keeper_->hand().has_returned = true;
      return OkStatus();
    }
    case Asked::kSweep:
      sweep_at_ = now + std::max(options_.redeliver_interval, options_.gone_after() / 4);
      return OkStatus();
    case Asked::kLeave:
      has_left_ = true;
      return OkStatus();
    case Asked::kNothing:
      break;
  }
  return OkStatus();
}

// What the server has down as ours, and we have not: it was in a reply that never came.
void StreamReader::TakeOwn(const Reply& reply) {
  const std::vector<StreamId> held = keeper_->hand().Ids();
  std::optional<StreamId> last;
  for (const Reply& item : reply.items) {
    if (item.items.empty()) {
      continue;
    }
    last = StreamId::Parse(item.items.front().text());
    if (last.has_value() && !std::binary_search(held.begin(), held.end(), *last)) {
      give_back_.push_back(*last);
    }
  }
  is_looking_at_own_ = last.has_value();
  own_from_ = last.has_value() ? last->Next() : StreamId();
}

// Entries of others: the id that the script came to, and pairs of an entry and its count.
Status StreamReader::TakeOver(Asked asked, Reply& reply) {
  if (reply.items.size() != 2) {
    return NotUnderstood();
  }
  std::vector<StreamEntry> entries;
  for (Reply& pair : reply.items[1].items) {
    if (pair.items.size() != 2) {
      return NotUnderstood();
    }
    const auto attempt =
        static_cast<uint32_t>(std::clamp<int64_t>(pair.items[1].integer, 1, UINT32_MAX));
    std::optional<StreamEntry> entry = TakeEntry(pair.items[0], attempt);
    if (!entry.has_value()) {
      return NotUnderstood();
    }
    entries.push_back(*std::move(entry));
  }
  const SteadyTime now = host_.clock().Now();
  if (asked == Asked::kReturned) {
    if (entries.size() == asked_count_) {
      keeper_->hand().has_returned = true;  // there may be more
    }
    returned_at_ = now + kReturnedEvery;
  } else {
    const std::optional<StreamId> last = StreamId::Parse(reply.items[0].text());
    silent_from_ = last.has_value() ? last->Next() : StreamId();
    silent_at_ = last.has_value() ? now : now + options_.redeliver_interval;
  }
  LearnSize(entries);
  Deliver(std::move(entries));
  return OkStatus();
}

Status StreamReader::TakeNew(Reply& reply) {
  std::vector<StreamEntry> entries;
  if (!reply.is_nil()) {
    if (reply.items.size() != 1 || reply.items[0].items.size() != 2) {
      return NotUnderstood();
    }
    std::vector<Reply>& items = reply.items[0].items[1].items;
    entries.reserve(items.size());
    for (Reply& item : items) {
      std::optional<StreamEntry> entry = TakeEntry(item, 1);
      if (!entry.has_value()) {
        return NotUnderstood();
      }
      entries.push_back(*std::move(entry));
    }
  }
  NoteSuccess();
  LearnSize(entries);
  Deliver(std::move(entries));
  return OkStatus();
}

// How many entries to ask for at once.
void StreamReader::LearnSize(const std::vector<StreamEntry>& entries) {
  size_t bytes = 0;
  for (const StreamEntry& entry : entries) {
    bytes += entry.delivery.payload.size();
  }
  if (bytes > kLargeReply) {
    most_at_once_ = std::max<size_t>(1, most_at_once_ / 2);
  } else if (entries.size() >= most_at_once_ && bytes < kSmallReply) {
    most_at_once_ = std::min(kMostCount, most_at_once_ * 2);
  }
}

void StreamReader::Deliver(std::vector<StreamEntry> entries) {
  if (entries.empty()) {
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    if (is_stopping_) {
      for (const StreamEntry& entry : entries) {
        untaken_.push_back(entry.id);
      }
      return;
    }
    credit_ -= std::min(credit_, entries.size());
  }
  std::vector<Delivery> deliveries;
  deliveries.reserve(entries.size());
  for (StreamEntry& entry : entries) {
    entry.delivery.number = keeper_->hand().Add(entry.id, asked_at_);
    entry.delivery.held_since = asked_at_;
    deliveries.push_back(std::move(entry.delivery));
  }
  listener_.OnDeliveries(deliveries);
}

}  // namespace MECHA_COMPONENT
