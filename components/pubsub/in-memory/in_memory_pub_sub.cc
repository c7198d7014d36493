// SPDX-License-Identifier: Apache-2.0
#include "in_memory_pub_sub.h"

#include <utility>

#include "contract/registry.h"

namespace MECHA_COMPONENT {
namespace {

class InMemoryFeed final : public Feed {
 public:
  explicit InMemoryFeed(std::shared_ptr<Consumer> consumer) : consumer_(std::move(consumer)) {}
  ~InMemoryFeed() override { topic().Leave(*consumer_); }

  void DeliverOn(std::shared_ptr<Executor> handlers) override {
    topic().DeliverOn(*consumer_, std::move(handlers));
  }
  void Request(size_t more) override { topic().Request(*consumer_, more); }
  void Settle(const Settlement& settlement, Settled done) override {
    std::move(done)(topic().Settle(*consumer_, settlement));
  }
  bool SettleMany(std::span<const Settlement> settlements,
                  Done<std::vector<Status>>& done) override {
    std::move(done)(topic().SettleMany(*consumer_, settlements));
    return true;
  }
  void Renew(std::span<const uint64_t> numbers, Done<std::vector<uint64_t>> lost) override {
    std::move(lost)(topic().Lost(*consumer_, numbers));
  }
  Duration lease() const override { return Duration::zero(); }
  void Stop(Settled stopped) override { topic().Stop(*consumer_, std::move(stopped)); }

 private:
  Topic& topic() { return consumer_->topic(); }

  const std::shared_ptr<Consumer> consumer_;
};

}  // namespace

Status InMemoryPubSub::Init(const CallContext&, const Settings& settings, Host& host) {
  const int64_t depth = settings.Integer("queueDepth");
  if (depth < 1) {
    return InvalidArgument("queueDepth is " + std::to_string(depth) +
                           ": a group must be able to hold at least 1 message");
  }
  queue_depth_ = static_cast<size_t>(depth);
  host_ = &host;
  topics_ = std::make_unique<TopicTable>();
  return OkStatus();
}

Status InMemoryPubSub::Ping(const CallContext&) { return OkStatus(); }

void InMemoryPubSub::Suspend(bool) {}

Status InMemoryPubSub::Resume(const CallContext&) { return OkStatus(); }

void InMemoryPubSub::Close() { topics_.reset(); }

void InMemoryPubSub::Publish(const CallContext&, std::string_view topic,
                             const OutgoingMessage& message, Done<std::string> done) {
  Status outcome;
  if (Topic* const found = topics_->Find(topic)) {
    StoredMessage stored = StoredFrom(message, host_->clock());
    found->Publish({&stored, 1}, {&outcome, 1});
  }
  if (outcome.ok()) {
    std::move(done)(std::string());
  } else {
    std::move(done)(std::move(outcome));
  }
}

void InMemoryPubSub::PublishMany(const CallContext&, std::string_view topic,
                                 std::span<const OutgoingMessage> messages,
                                 Done<std::vector<PublishOutcome>> done) {
  std::vector<Status> outcomes(messages.size());
  if (Topic* const found = topics_->Find(topic)) {
    std::vector<StoredMessage> stored;
    stored.reserve(messages.size());
    for (const OutgoingMessage& message : messages) {
      stored.push_back(StoredFrom(message, host_->clock()));
    }
    found->Publish(stored, outcomes);
  }
  std::vector<PublishOutcome> told;
  told.reserve(outcomes.size());
  for (Status& outcome : outcomes) {
    told.push_back(outcome.ok() ? PublishOutcome(std::string()) : std::move(outcome));
  }
  std::move(done)(std::move(told));
}

StatusOr<std::unique_ptr<Feed>> InMemoryPubSub::Subscribe(const CallContext&,
                                                          const SubscribeRequest& request,
                                                          FeedListener& listener) {
  Topic& topic = topics_->FindOrAdd(request.topic, queue_depth_, *host_);
  return std::unique_ptr<Feed>(std::make_unique<InMemoryFeed>(topic.Join(request.group, listener)));
}

extern const ComponentInfo kComponentInfo;

namespace {

std::unique_ptr<PubSub> Make() { return std::make_unique<InMemoryPubSub>(); }

}  // namespace

MECHA_RUNS_AT_START void Register(Registry& registry) { registry.Add(kComponentInfo, Make); }

}  // namespace MECHA_COMPONENT
