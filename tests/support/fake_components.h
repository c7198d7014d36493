// SPDX-License-Identifier: Apache-2.0
// FakeBackEnd: components that do what a test says: state.fake (embedded), state.fake-network,
// secretstores.fake, pubsub.fake (a broker that encodes) and pubsub.fake-memory (one that keeps
// events); and state.fake-module, a module that is not installed. They find the one FakeBackEnd
// that lives, so a process has one at a time. Not for product code. Set the hooks before the
// components start.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "contract/registry.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha::test {

// Whether the message holds these words.
inline bool Holds(const Status& status, std::string_view wanted) {
  return status.message().find(wanted) != std::string_view::npos;
}

class FakeBackEnd {
 public:
  FakeBackEnd() { current = this; }
  ~FakeBackEnd() { current = nullptr; }
  FakeBackEnd(const FakeBackEnd&) = delete;
  FakeBackEnd& operator=(const FakeBackEnd&) = delete;

  // By the component's name; each may block through its host.
  std::function<Status(const std::string& name, const CallContext&, const Settings&)> init;
  std::function<Status(const std::string& name)> resume;
  std::function<void(const std::string& name)> close;
  std::function<StatusOr<StateValue>(const CallContext&, std::string_view key)> get;
  std::function<WriteOutcome(const CallContext&, const StateWrite&)> write;
  // What a whole batch, or a transaction, fails with; asked before the single writes.
  std::function<Status()> batch;
  std::function<StatusOr<ListPage>(const ListRequest&)> list;
  std::function<StatusOr<QueryPage>(const QueryRequest&)> query;  // absent: it has none
  std::map<std::string, Secret> secrets;
  std::function<PublishOutcome(const CallContext&, std::string_view topic, const OutgoingMessage&)>
      publish;
  // What a whole PublishMany fails with; asked before the single messages.
  std::function<Status()> publish_batch;
  std::atomic<Host*> host{nullptr};  // the last one given to a component

  void Note(const std::string& what) {
    const std::lock_guard lock(mutex_);
    events_.push_back(what);
  }
  std::vector<std::string> events() {
    const std::lock_guard lock(mutex_);
    return events_;
  }
  long Count(const std::string& what) {
    const std::vector<std::string> seen = events();
    return std::count(seen.begin(), seen.end(), what);
  }

  // For RuntimeOptions::register_components.
  static void Register(Registry& registry);

  static inline FakeBackEnd* current = nullptr;

 private:
  std::mutex mutex_;
  std::vector<std::string> events_;
};

// The life every fake component shares.
template <class Store>
class FakeComponent : public Store {
 public:
  Status Init(const CallContext& call, const Settings& settings, Host& host) override {
    name_ = settings.identity().name;
    FakeBackEnd& back_end = *FakeBackEnd::current;
    back_end.host.store(&host);
    back_end.Note("init " + name_);
    return back_end.init ? back_end.init(name_, call, settings) : OkStatus();
  }
  Status Ping(const CallContext&) override { return OkStatus(); }
  void Suspend(bool keep_connections) override {
    FakeBackEnd::current->Note("suspend " + name_ + (keep_connections ? " keep" : ""));
  }
  Status Resume(const CallContext&) override {
    FakeBackEnd::current->Note("resume " + name_);
    return FakeBackEnd::current->resume ? FakeBackEnd::current->resume(name_) : OkStatus();
  }
  void Close() override {
    FakeBackEnd::current->Note("close " + name_);
    if (FakeBackEnd::current->close) {
      FakeBackEnd::current->close(name_);
    }
  }

 private:
  std::string name_;
};

class FakeStateStore final : public FakeComponent<StateStore> {
 public:
  void Get(const CallContext& call, std::string_view key, const StateRead&,
           Done<StateValue> done) override {
    std::move(done)(FakeBackEnd::current->get ? FakeBackEnd::current->get(call, key)
                                              : StatusOr<StateValue>(NotFound()));
  }
  void GetMany(const CallContext& call, std::span<const std::string_view> keys, const StateRead&,
               Done<std::vector<StatusOr<StateValue>>> done) override {
    std::vector<StatusOr<StateValue>> values;
    for (const std::string_view key : keys) {
      values.push_back(FakeBackEnd::current->get ? FakeBackEnd::current->get(call, key)
                                                 : StatusOr<StateValue>(NotFound()));
    }
    std::move(done)(std::move(values));
  }
  void Write(const CallContext& call, const StateWrite& write, Done<Etag> done) override {
    std::move(done)(WriteOne(call, write));
  }
  void WriteMany(const CallContext& call, std::span<const StateWrite> writes,
                 Done<std::vector<WriteOutcome>> done) override {
    const Status whole = FakeBackEnd::current->batch ? FakeBackEnd::current->batch() : OkStatus();
    if (!whole.ok()) {
      std::move(done)(whole);
      return;
    }
    std::vector<WriteOutcome> outcomes;
    for (const StateWrite& write : writes) {
      outcomes.push_back(WriteOne(call, write));
    }
    std::move(done)(std::move(outcomes));
  }
  void Transact(const CallContext& call, std::span<const StateWrite> writes,
                Done<std::vector<WriteOutcome>> done) override {
    WriteMany(call, writes, std::move(done));
  }
  void List(const CallContext&, const ListRequest& request, Done<ListPage> done) override {
    std::move(done)(FakeBackEnd::current->list ? FakeBackEnd::current->list(request)
                                               : StatusOr<ListPage>(ListPage{}));
  }
  void Query(const CallContext& call, const QueryRequest& request, Done<QueryPage> done) override {
    if (FakeBackEnd::current->query) {
      std::move(done)(FakeBackEnd::current->query(request));
    } else {
      StateStore::Query(call, request, std::move(done));
    }
  }

 private:
  static WriteOutcome WriteOne(const CallContext& call, const StateWrite& write) {
    return FakeBackEnd::current->write ? FakeBackEnd::current->write(call, write)
                                       : WriteOutcome(Etag("1"));
  }
};

class FakeSecretStore final : public FakeComponent<SecretStore> {
 public:
  void Get(const CallContext&, std::string_view name, Done<Secret> done) override {
    const auto found = FakeBackEnd::current->secrets.find(std::string(name));
    std::move(done)(found == FakeBackEnd::current->secrets.end() ? StatusOr<Secret>(NotFound())
                                                                 : StatusOr<Secret>(found->second));
  }
  void List(const CallContext&, Done<SecretList> done) override {
    std::move(done)(
        SecretList(FakeBackEnd::current->secrets.begin(), FakeBackEnd::current->secrets.end()));
  }
};

// Publishes only; a subscription gets nothing.
class FakePubSub final : public FakeComponent<PubSub> {
 public:
  void Publish(const CallContext& call, std::string_view topic, const OutgoingMessage& message,
               Done<std::string> done) override {
    std::move(done)(PublishOne(call, topic, message));
  }
  void PublishMany(const CallContext& call, std::string_view topic,
                   std::span<const OutgoingMessage> messages,
                   Done<std::vector<PublishOutcome>> done) override {
    const FakeBackEnd& back_end = *FakeBackEnd::current;
    const Status whole = back_end.publish_batch ? back_end.publish_batch() : OkStatus();
    if (!whole.ok()) {
      std::move(done)(whole);
      return;
    }
    std::vector<PublishOutcome> outcomes;
    for (const OutgoingMessage& message : messages) {
      outcomes.push_back(PublishOne(call, topic, message));
    }
    std::move(done)(std::move(outcomes));
  }
  StatusOr<std::unique_ptr<Feed>> Subscribe(const CallContext&, const SubscribeRequest&,
                                            FeedListener&) override {
    return std::unique_ptr<Feed>(std::make_unique<SilentFeed>());
  }

 private:
  class SilentFeed final : public Feed {
   public:
    void Request(size_t) override {}
    void Settle(const Settlement&, Settled done) override { std::move(done)(OkStatus()); }
    void Renew(std::span<const uint64_t>, Done<std::vector<uint64_t>> lost) override {
      std::move(lost)(std::vector<uint64_t>());
    }
    Duration lease() const override { return Duration::zero(); }
    void Stop(Settled stopped) override { std::move(stopped)(OkStatus()); }
  };

  static PublishOutcome PublishOne(const CallContext& call, std::string_view topic,
                                   const OutgoingMessage& message) {
    const FakeBackEnd& back_end = *FakeBackEnd::current;
    return back_end.publish ? back_end.publish(call, topic, message) : PublishOutcome("1-0");
  }
};

inline constexpr FieldInfo kFakeFields[] = {
    {.name = "password", .is_sensitive = true},
    {.name = "ttlInSeconds", .type = FieldType::kInteger},
};
inline constexpr CapabilityInfo kFakeCapabilities[] = {{"etag", Support::kNative},
                                                       {"transaction", Support::kNative},
                                                       {"ttl", Support::kNative},
                                                       {"list", Support::kNative}};
inline constexpr ComponentInfo kFakeStateInfo{.type = "state.fake",
                                              .version = "v1",
                                              .status = "stable",
                                              .execution = Execution::kInline,
                                              .is_embedded = true,
                                              .fields = kFakeFields,
                                              .capabilities = kFakeCapabilities};
inline constexpr ComponentInfo kFakeNetworkInfo{.type = "state.fake-network",
                                                .version = "v1",
                                                .status = "stable",
                                                .execution = Execution::kBlocking,
                                                .is_embedded = false,
                                                .fields = kFakeFields,
                                                .capabilities = kFakeCapabilities};
inline constexpr ComponentInfo kFakePlainInfo{.type = "state.fake-plain",
                                              .version = "v1",
                                              .status = "stable",
                                              .execution = Execution::kInline,
                                              .is_embedded = true};
inline constexpr ComponentInfo kFakeSecretInfo{.type = "secretstores.fake",
                                               .version = "v1",
                                               .status = "stable",
                                               .execution = Execution::kInline,
                                               .is_embedded = true,
                                               .fields = kFakeFields};

inline constexpr ComponentInfo kFakePubSubInfo{.type = "pubsub.fake",
                                               .version = "v1",
                                               .status = "stable",
                                               .execution = Execution::kInline,
                                               .is_embedded = true,
                                               .fields = kFakeFields};
inline constexpr CapabilityInfo kFakeMemoryCapabilities[] = {{"keeps_events", Support::kNative},
                                                             {"ttl", Support::kNative}};
inline constexpr ComponentInfo kFakeMemoryInfo{.type = "pubsub.fake-memory",
                                               .version = "v1",
                                               .status = "stable",
                                               .execution = Execution::kInline,
                                               .is_embedded = true,
                                               .capabilities = kFakeMemoryCapabilities};

inline constexpr std::string_view kFakeModuleAliases[] = {"state.fake-alias"};
inline constexpr ModuleInfo kFakeModules[] = {{"state.fake-module", kFakeModuleAliases}};

inline void FakeBackEnd::Register(Registry& registry) {
  const MakeStateStore make_state = [] {
    return std::unique_ptr<StateStore>(std::make_unique<FakeStateStore>());
  };
  registry.Add(kFakeStateInfo, make_state);
  registry.Add(kFakeNetworkInfo, make_state);
  registry.Add(kFakePlainInfo, make_state);
  const MakeSecretStore make_secrets = [] {
    return std::unique_ptr<SecretStore>(std::make_unique<FakeSecretStore>());
  };
  registry.Add(kFakeSecretInfo, make_secrets);
  const MakePubSub make_pub_sub = [] {
    return std::unique_ptr<PubSub>(std::make_unique<FakePubSub>());
  };
  registry.Add(kFakePubSubInfo, make_pub_sub);
  registry.Add(kFakeMemoryInfo, make_pub_sub);
  registry.SetModules(kFakeModules);
}

}  // namespace mecha::test
