// SPDX-License-Identifier: Apache-2.0
// RedisWitness: one writer of one key under faults, who knows what the server may hold: each value
// names its key, so another one's reply shows; what was acknowledged must be there, what was "not
// applied" must not, and no call may overrun its deadline. For tests only. One thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "redis_state_store.h"
#include "result/status.h"
#include "support/queued_call.h"
#include "support/state_store_user.h"

namespace MECHA_COMPONENT {

class RedisWitness {
 public:
  enum class Way : uint8_t { kBlocking, kQueue };

  // A deadline is missed when a call takes so much longer: the machine may be busy.
  static constexpr auto kAllowance = std::chrono::seconds(5);

  RedisWitness(RedisStateStore& store, Host& host, std::string key, Way way)
      : store_(store), host_(host), key_(std::move(key)), way_(way) {}

  // Writes the next value and reads it back, each within `time`.
  void Step(Duration time) {
    const std::string text = key_ + "-" + std::to_string(++last_);
    const Status written = Write(text, time);
    if (written.ok()) {
      acknowledged_ = text;
      ++successes_;
    } else if (written.applied() == Applied::kNo) {
      refused_.push_back(text);
    } else {
      open_.push_back(text);
    }
    CheckFailure(written);
    Read(time);
  }

  // Reads until an answer comes, for at most 20 s, and looks whether it may be.
  void Finish() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < end && !Read(std::chrono::seconds(5))) {
    }
  }
  // What a failover may lose: from here on older values are no wonder.
  void AllowLoss() { may_lose_ = true; }

  // How many writes were acknowledged.
  size_t successes() const { return successes_; }
  // Empty, or the first thing that was wrong.
  const std::string& wrong() const { return wrong_; }

 private:
  Status Write(const std::string& text, Duration time) {
    const Watch watch(*this, time);
    if (way_ == Way::kQueue) {
      test::QueuedCall queued(DeadlineIn(time));
      queued.Set(store_, key_, text);
      return queued.Await() ? queued.etag.status() : Lost();
    }
    test::TestCall call(DeadlineIn(time));
    return test::StoreUser(store_).Write(test::SetOf(key_, text), &call.context).status();
  }

  bool Read(Duration time) {
    const StatusOr<StateValue> value = Get(time);
    if (!value.ok()) {
      if (!IsNotFound(value.status())) {
        CheckFailure(value.status());
        return false;
      }
      Expect(acknowledged_.empty() || may_lose_, "lost " + acknowledged_);
      return true;
    }
    const std::string text(value->data.view());
    const bool is_open = std::find(open_.begin(), open_.end(), text) != open_.end();
    const bool is_refused = std::find(refused_.begin(), refused_.end(), text) != refused_.end();
    Expect(text.starts_with(key_ + "-"), "the reply of another: " + text);
    Expect(!is_refused, "not applied, but there: " + text);
    Expect(text == acknowledged_ || is_open || may_lose_,
           "lost " + acknowledged_ + ", found " + text);
    return true;
  }

  StatusOr<StateValue> Get(Duration time) {
    const Watch watch(*this, time);
    if (way_ == Way::kQueue) {
      test::QueuedCall queued(DeadlineIn(time));
      queued.Get(store_, key_);
      return queued.Await() ? std::move(queued.value) : StatusOr<StateValue>(Lost());
    }
    test::TestCall call(DeadlineIn(time));
    return test::StoreUser(store_).Get(key_, &call.context);
  }

  // The only ways to fail: the server is away, or the time is up.
  void CheckFailure(const Status& status) {
    Expect(status.ok() || IsUnavailable(status) || IsDeadlineExceeded(status),
           "an odd failure: " + std::string(status.message()));
  }
  Status Lost() {
    Expect(false, "an operation that never ends");
    return Internal("never ended");
  }
  void Expect(bool holds, const std::string& otherwise) {
    if (!holds && wrong_.empty()) {
      wrong_ = otherwise;
    }
  }
  Deadline DeadlineIn(Duration time) const { return Deadline::After(host_.clock().Now(), time); }

  // Looks, at its end, how long something took.
  class Watch {
   public:
    Watch(RedisWitness& witness, Duration time)
        : witness_(witness), latest_(std::chrono::steady_clock::now() + time + kAllowance) {}
    ~Watch() {
      witness_.Expect(std::chrono::steady_clock::now() < latest_, "a call past its deadline");
    }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    RedisWitness& witness_;
    const std::chrono::steady_clock::time_point latest_;
  };

  RedisStateStore& store_;
  Host& host_;
  const std::string key_;
  const Way way_;
  int last_ = 0;
  std::string acknowledged_;
  std::vector<std::string> open_;  // may be applied, late as well
  std::vector<std::string> refused_;
  bool may_lose_ = false;
  size_t successes_ = 0;
  std::string wrong_;
};

}  // namespace MECHA_COMPONENT
