// SPDX-License-Identifier: Apache-2.0
// PubSubUser: calls a broker component and its feeds as the block would, and waits for the answers.
// It starts no server and no runtime. One thread at a time; threads make one each.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contract/pub_sub.h"
#include "result/status.h"
#include "result/status_or.h"
#include "support/feed_recorder.h"
#include "support/state_store_user.h"

namespace mecha::test {

// What a callback gets, on whatever thread, also after the test gave up waiting.
template <class T>
class Awaited {
 public:
  Done<T> Catch() {
    return [shared = shared_](StatusOr<T> value) {
      const std::lock_guard lock(shared->mutex);
      shared->value.emplace(std::move(value));
      ++shared->times;
      shared->came.notify_all();
    };
  }
  Settled CatchStatus() {
    return [shared = shared_](Status status) {
      const std::lock_guard lock(shared->mutex);
      shared->value.emplace(status.ok() ? StatusOr<T>(T{}) : StatusOr<T>(std::move(status)));
      ++shared->times;
      shared->came.notify_all();
    };
  }
  // Waits up to a minute.
  StatusOr<T> Take() {
    std::unique_lock lock(shared_->mutex);
    shared_->came.wait_for(lock, std::chrono::seconds(60), [&] { return shared_->times > 0; });
    if (shared_->times != 1) {
      return Internal("done ran " + std::to_string(shared_->times) + " times");
    }
    return *shared_->value;
  }
  bool came() {
    const std::lock_guard lock(shared_->mutex);
    return shared_->times > 0;
  }

 private:
  struct Shared {
    std::mutex mutex;
    std::condition_variable came;
    std::optional<StatusOr<T>> value;
    int times = 0;
  };
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

inline OutgoingMessage MessageOf(std::string_view payload, std::string_view key = {}) {
  OutgoingMessage message;
  message.payload = payload;
  message.key = key;
  return message;
}

inline Settlement DoneWith(const Delivery& delivery) {
  return {delivery.number, Settlement::Kind::kDone, Duration::zero()};
}
inline Settlement ReturnOf(const Delivery& delivery, Duration delay = Duration::zero()) {
  return {delivery.number, Settlement::Kind::kReturn, delay};
}

// Blocking calls that return what the callback got.
class PubSubUser {
 public:
  explicit PubSubUser(PubSub& broker) : broker_(broker) {}

  StatusOr<std::string> Publish(std::string_view topic, const OutgoingMessage& message) {
    Awaited<std::string> answer;
    broker_.Publish(plain_.context, topic, message, answer.Catch());
    return answer.Take();
  }
  StatusOr<std::string> Publish(std::string_view topic, std::string_view payload) {
    return Publish(topic, MessageOf(payload));
  }
  StatusOr<std::vector<PublishOutcome>> PublishMany(std::string_view topic,
                                                    const std::vector<OutgoingMessage>& messages) {
    Awaited<std::vector<PublishOutcome>> answer;
    broker_.PublishMany(plain_.context, topic, messages, answer.Catch());
    return answer.Take();
  }
  StatusOr<std::unique_ptr<Feed>> Subscribe(std::string_view topic, std::string_view group,
                                            FeedListener& listener,
                                            std::string_view consumer = "consumer-1") {
    return broker_.Subscribe(plain_.context, {topic, group, consumer, {}}, listener);
  }

  static Status Settle(Feed& feed, const Settlement& settlement) {
    Awaited<bool> answer;
    feed.Settle(settlement, answer.CatchStatus());
    return answer.Take().status();
  }
  static StatusOr<std::vector<uint64_t>> Renew(Feed& feed, const std::vector<uint64_t>& numbers) {
    Awaited<std::vector<uint64_t>> answer;
    feed.Renew(numbers, answer.Catch());
    return answer.Take();
  }
  // Stops the feed, tells its recorder, and destroys it.
  static Status End(std::unique_ptr<Feed>& feed, FeedRecorder& recorder) {
    Awaited<bool> answer;
    feed->Stop(answer.CatchStatus());
    Status status = answer.Take().status();
    recorder.NoteStopped();
    feed.reset();
    return status;
  }

 private:
  PubSub& broker_;
  TestCall plain_;
};

}  // namespace mecha::test
