// SPDX-License-Identifier: Apache-2.0
// ScriptedBroker: a pubsub component whose one feed a test moves by hand: it delivers what the test
// says, and notes what is asked of it. Not for product code. Safe from any thread; set the hooks
// before they can be called.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "contract/component_info.h"
#include "contract/pub_sub.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha::test {

class ScriptedBroker final : public PubSub {
 public:
  // What the functions of the feed answer; absent: OK, and no lease is lost.
  std::function<Status(const Settlement&)> settle;
  std::function<StatusOr<std::vector<uint64_t>>(std::span<const uint64_t>)> renew;
  std::function<Status(const CallContext&, std::string_view topic, const OutgoingMessage&)> publish;
  std::function<Status(const CallContext&)> subscribe;
  std::atomic<Duration> lease{Duration::zero()};
  // Of several at once, together; absent: one by one.
  std::function<StatusOr<std::vector<Status>>(std::span<const Settlement>)> settle_many;
  std::atomic<bool> keeps_settlements{false};  // their callbacks run when the feed goes
  std::atomic<bool> keeps_stops{false};        // until FinishStop

  // Reports the stop that was kept, of a feed that is gone by now.
  void FinishStop() { std::move(stopped_)(OkStatus()); }

  // Delivers payloads, numbered on; each counts against what was requested.
  void Deliver(const std::vector<Delivery>& given) {
    std::vector<Delivery> deliveries = given;
    FeedListener* listener = nullptr;
    {
      const std::lock_guard lock(mutex_);
      for (Delivery& delivery : deliveries) {
        delivery.number = ++last_number_;
      }
      requested_ -= std::min(requested_, deliveries.size());
      listener = listener_;
    }
    listener->OnDeliveries(deliveries);
  }
  static Delivery Of(const std::string& payload, SteadyTime held_since = {}) {
    Delivery delivery;
    delivery.payload = Buffer::CopyOf(payload);
    delivery.id = payload;
    delivery.held_since = held_since;
    return delivery;
  }

  size_t requested() const {
    const std::lock_guard lock(mutex_);
    return requested_;
  }
  // "1:done 2:return 3:unseen", and forgets them.
  std::string settled() {
    const std::lock_guard lock(mutex_);
    return std::exchange(settled_, {});
  }
  size_t renewals() const {
    const std::lock_guard lock(mutex_);
    return renewals_;
  }
  std::vector<std::string> published() const {
    const std::lock_guard lock(mutex_);
    return published_;
  }
  int feeds() const { return feeds_.load(); }
  void RestartNumbers() {
    const std::lock_guard lock(mutex_);
    last_number_ = 0;
  }

  Status Init(const CallContext&, const Settings&, Host&) override { return OkStatus(); }
  Status Ping(const CallContext&) override { return OkStatus(); }
  void Suspend(bool) override {}
  Status Resume(const CallContext&) override { return OkStatus(); }
  void Close() override {}
  void Publish(const CallContext& call, std::string_view topic, const OutgoingMessage& message,
               Done<std::string> done) override {
    const Status status = publish ? publish(call, topic, message) : OkStatus();
    if (!status.ok()) {
      std::move(done)(status);
      return;
    }
    {
      const std::lock_guard lock(mutex_);
      published_.push_back(std::string(topic) + ":" + std::string(message.payload));
    }
    std::move(done)(std::string("1"));
  }
  void PublishMany(const CallContext&, std::string_view, std::span<const OutgoingMessage>,
                   Done<std::vector<PublishOutcome>> done) override {
    std::move(done)(Unimplemented("the scripted broker publishes one at a time"));
  }
  StatusOr<std::unique_ptr<Feed>> Subscribe(const CallContext& call, const SubscribeRequest&,
                                            FeedListener& listener) override {
    RETURN_IF_ERROR(subscribe ? subscribe(call) : OkStatus());
    const std::lock_guard lock(mutex_);
    listener_ = &listener;
    requested_ = 0;
    return std::unique_ptr<Feed>(std::make_unique<ScriptedFeed>(*this));
  }

 private:
  class ScriptedFeed final : public Feed {
   public:
    explicit ScriptedFeed(ScriptedBroker& broker) : broker_(broker) { ++broker_.feeds_; }
    ~ScriptedFeed() override {
      for (Settled& done : kept_) {
        std::move(done)(Unavailable("the feed goes"));
      }
      --broker_.feeds_;
    }
    void Request(size_t more) override {
      const std::lock_guard lock(broker_.mutex_);
      broker_.requested_ += more;
    }
    void Settle(const Settlement& settlement, Settled done) override {
      {
        const std::lock_guard lock(broker_.mutex_);
        broker_.settled_ += (broker_.settled_.empty() ? "" : " ") +
                            std::to_string(settlement.number) +
                            (settlement.kind == Settlement::Kind::kDone ? ":done"
                             : settlement.is_unseen                     ? ":unseen"
                                                                        : ":return");
        if (settlement.delay > Duration::zero()) {
          const auto delay = std::chrono::round<std::chrono::milliseconds>(settlement.delay);
          broker_.settled_ += "+" + std::to_string(delay.count());
        }
        if (broker_.keeps_settlements) {
          kept_.push_back(std::move(done));
          return;
        }
      }
      std::move(done)(broker_.settle ? broker_.settle(settlement) : OkStatus());
    }
    bool SettleMany(std::span<const Settlement> settlements,
                    Done<std::vector<Status>>& done) override {
      if (broker_.settle_many) {
        std::move(done)(broker_.settle_many(settlements));
      }
      return static_cast<bool>(broker_.settle_many);
    }
    void Renew(std::span<const uint64_t> numbers, Done<std::vector<uint64_t>> lost) override {
      {
        const std::lock_guard lock(broker_.mutex_);
        ++broker_.renewals_;
      }
      std::move(lost)(broker_.renew ? broker_.renew(numbers) : std::vector<uint64_t>());
    }
    Duration lease() const override { return broker_.lease; }
    void Stop(Settled stopped) override {
      if (broker_.keeps_stops) {
        broker_.stopped_ = std::move(stopped);
      } else {
        std::move(stopped)(OkStatus());
      }
    }

   private:
    ScriptedBroker& broker_;
    std::vector<Settled> kept_;
  };

  mutable std::mutex mutex_;
  FeedListener* listener_ = nullptr;
  size_t requested_ = 0;
  size_t renewals_ = 0;
  uint64_t last_number_ = 0;
  std::string settled_;
  std::vector<std::string> published_;
  std::atomic<int> feeds_{0};
  Settled stopped_;
};

inline constexpr ComponentInfo kScriptedInfo{.type = "pubsub.scripted",
                                             .version = "v1",
                                             .status = "stable",
                                             .execution = Execution::kInline,
                                             .is_embedded = true};
inline constexpr CapabilityInfo kScriptedDelays[] = {{"delayed_return", Support::kNative}};
inline constexpr ComponentInfo kScriptedDelayInfo{.type = "pubsub.scripted-delay",
                                                  .version = "v1",
                                                  .status = "stable",
                                                  .execution = Execution::kInline,
                                                  .is_embedded = true,
                                                  .capabilities = kScriptedDelays};

}  // namespace mecha::test
