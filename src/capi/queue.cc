// SPDX-License-Identifier: Apache-2.0
#include "mecha/queue.h"

#include <algorithm>
#include <array>

#include "capi/convert.h"
#include "capi/guard.h"
#include "capi/handles.h"
#include "capi/submit.h"
#include "operation/plain_result.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha::capi {
namespace {

constexpr size_t kBatch = 64;
// How long a free waits for stopped operations to end: one disk operation, in effect.
constexpr Duration kPatience = std::chrono::seconds(2);

uint32_t ToEventKind(Result::Kind kind) {
  switch (kind) {
    case Result::Kind::kCompletion:
      return MECHA_EVENT_COMPLETION;
    case Result::Kind::kLog:
      return MECHA_EVENT_LOG;
    case Result::Kind::kRequest:
      return MECHA_EVENT_REQUEST;
  }
  return MECHA_EVENT_NONE;
}

mecha_event ToEvent(Result* result) {
  mecha_event event{};
  event.kind = ToEventKind(result->kind());
  event.status = StatusOfDone(*result);
  event.token = result->token();
  event.id = result->id();
  event.result = ToHandle(result);
  return event;
}

mecha_status CheckQueue(const mecha_queue* queue) {
  if (queue == nullptr) {
    return MECHA_INVALID_ARGUMENT;
  }
  return queue->host->fork_guard().IsInChild() ? MECHA_FORKED : MECHA_OK;
}

QueueOptions ToOptions(const mecha_queue_options& from) {
  QueueOptions options;
  options.may_block = (from.flags & MECHA_QUEUE_BLOCKING) != 0;
  options.wants_logs = (from.flags & MECHA_QUEUE_LOGS) != 0;
  if (from.max_inflight != 0) {
    options.most_inflight = from.max_inflight;
  }
  if (from.deliver != nullptr) {
    options.deliver = [deliver = from.deliver, user = from.user](std::span<Result* const> results) {
      std::array<mecha_event, kBatch> events;
      const size_t count = std::min(results.size(), kBatch);
      std::transform(results.begin(), results.begin() + static_cast<ptrdiff_t>(count),
                     events.begin(), ToEvent);
      deliver(user, events.data(), count);
    };
  }
  return options;
}

// Nobody will take the requests of what reports to this queue.
void EndRegistrations(const mecha_queue& queue) {
  for (const auto& registration : queue.registrations->all()) {
    if (registration->queue() == queue.queue) {
      EndRegistration(registration, *queue.registrations, queue.subscriptions);
    }
  }
}

// Takes up to `capacity` events in batches; `take` fills a batch of results.
template <class Take>
int32_t TakeEvents(mecha_queue* queue, mecha_event* events, size_t capacity, Take take) {
  const mecha_status usable = CheckQueue(queue);
  if (usable != MECHA_OK) {
    return usable;
  }
  if (events == nullptr && capacity != 0) {
    return MECHA_INVALID_ARGUMENT;
  }
  if (queue->queue->has_callback()) {
    return MECHA_FAILED_PRECONDITION;
  }
  return Guard([&]() -> mecha_status {
    size_t filled = 0;
    std::array<Result*, kBatch> batch;
    while (filled < capacity) {
      const std::span<Result*> room(batch.data(), std::min(kBatch, capacity - filled));
      const StatusOr<size_t> count = filled == 0 ? take(room) : queue->queue->Poll(room);
      if (!count.ok()) {
        return filled == 0 ? ToStatus(count.status()) : static_cast<mecha_status>(filled);
      }
      std::transform(room.begin(), room.begin() + static_cast<ptrdiff_t>(*count), events + filled,
                     ToEvent);
      filled += *count;
      if (*count < room.size()) {
        break;
      }
    }
    return static_cast<mecha_status>(filled);
  });
}

}  // namespace
}  // namespace mecha::capi

using mecha::Result;
using mecha::Status;
using mecha::StatusOr;
using mecha::capi::CheckQueue;
using mecha::capi::Guard;

extern "C" {

mecha_status mecha_queue_open(mecha_runtime* rt, const mecha_queue_options* options,
                              mecha_queue** out) {
  if (out == nullptr) {
    return MECHA_INVALID_ARGUMENT;
  }
  *out = nullptr;
  const mecha_status usable = mecha::capi::CheckHandle(rt);
  if (usable != MECHA_OK) {
    return usable;
  }
  return Guard([&]() -> mecha_status {
    mecha_queue_options known;
    const Status read = mecha::capi::ReadStruct(options, &known);
    if (!read.ok()) {
      return mecha::capi::ToStatus(read);
    }
    if ((known.flags & ~(MECHA_QUEUE_BLOCKING | MECHA_QUEUE_LOGS)) != 0) {
      return MECHA_INVALID_ARGUMENT;
    }
    auto queue = rt->runtime->OpenQueue(mecha::capi::ToOptions(known));
    if (!queue.ok()) {
      return mecha::capi::ToStatus(queue.status());
    }
    *out = new mecha_queue{*std::move(queue), rt->runtime->shared_host(),
                           rt->runtime->shared_operations(), rt->runtime->serving().registrations(),
                           rt->runtime->serving().subscriptions()};
    return MECHA_OK;
  });
}

int mecha_queue_fd(mecha_queue* queue) {
  return CheckQueue(queue) == MECHA_OK ? queue->queue->Descriptor() : -1;
}

int32_t mecha_queue_poll(mecha_queue* queue, mecha_event* events, size_t capacity) {
  return mecha::capi::TakeEvents(queue, events, capacity, [queue](std::span<Result*> room) {
    return queue->queue->Poll(room);
  });
}

int32_t mecha_queue_wait(mecha_queue* queue, mecha_event* events, size_t capacity,
                         int64_t timeout_ns) {
  if (CheckQueue(queue) == MECHA_OK) {
    if (capacity == 0) {
      return MECHA_INVALID_ARGUMENT;
    }
    if (queue->host->IsRuntimeThread()) {
      return MECHA_REENTRANT;
    }
  }
  return mecha::capi::TakeEvents(queue, events, capacity,
                                 [queue, timeout_ns](std::span<Result*> room) {
                                   return queue->queue->Wait(room, mecha::Duration(timeout_ns));
                                 });
}

mecha_status mecha_queue_wake(mecha_queue* queue) {
  const mecha_status usable = CheckQueue(queue);
  if (usable != MECHA_OK) {
    return usable;
  }
  return Guard([&]() -> mecha_status { return queue->queue->Wake() ? MECHA_OK : MECHA_CLOSED; });
}

mecha_status mecha_queue_close(mecha_queue* queue) {
  const mecha_status usable = CheckQueue(queue);
  if (usable != MECHA_OK) {
    return usable;
  }
  return Guard([&]() -> mecha_status {
    queue->queue->Close();
    queue->operations->StopAllOf(queue->queue.get());
    mecha::capi::EndRegistrations(*queue);
    return MECHA_OK;
  });
}

void mecha_queue_free(mecha_queue* queue) {
  if (queue == nullptr || CheckQueue(queue) == MECHA_FORKED) {
    return;
  }
  mecha_queue_close(queue);
  Guard([&]() -> mecha_status {
    queue->queue->AwaitDropped(mecha::capi::kPatience);
    delete queue;
    return MECHA_OK;
  });
}

}  // extern "C"
