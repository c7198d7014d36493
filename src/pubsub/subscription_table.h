// SPDX-License-Identifier: Apache-2.0
// SubscriptionTable: the subscriptions of a runtime, of documents and of TOPIC registrations, and
// who serves which path. It starts a subscription when all its paths are served and its component
// is ready, tries again when a broker does not answer, and ends it in order.
//
// Safe from any thread. Functions that take a CallContext block (may_block).
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/runtime_host.h"
#include "contract/call_context.h"
#include "inbound/registration.h"
#include "inbound/route_table.h"
#include "pubsub/pubsub_block.h"
#include "pubsub/subscription.h"
#include "resources/strictness.h"
#include "resources/subscription_document.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha {

class SubscriptionTable final : public std::enable_shared_from_this<SubscriptionTable> {
 public:
  // The block of a component that is ready, else why not.
  using FindBlock = std::function<StatusOr<PubSubBlock*>(std::string_view component)>;
  // What describe says of one.
  struct Row {
    std::string name;
    std::string component;
    std::string topic;
    std::vector<std::string> missing_paths;
    bool is_live = false;
    Status health;  // why no messages come
    Subscription::Tally tally;
  };

  // `strictness` is that of documents; what a host registers is always strict.
  SubscriptionTable(std::shared_ptr<RuntimeHost> host, FindBlock find_block, Strictness strictness)
      : host_(std::move(host)), find_block_(std::move(find_block)), strictness_(strictness) {}

  // A document, new or in place of the one of its name. INVALID_ARGUMENT for a rule that does not
  // compile. It starts with Reconcile.
  Status Apply(SubscriptionDocument document);
  // NOT_FOUND when there is none of that name.
  Status Delete(const CallContext& call, std::string_view name);

  // Follows the window of a registration that nobody else has yet.
  void Listen(Registration& registration);
  // Subscribes to topics for one registration; all or none. CANCELLED when it was stopped
  // meanwhile.
  Status ServeTopics(const CallContext& call, const std::shared_ptr<Registration>& registration,
                     std::vector<SubscriptionSpec> specs);
  Status ServeRoutes(const CallContext& call, const std::shared_ptr<Registration>& registration,
                     std::span<const std::string_view> patterns);
  // Ends a registration and what lives by it: OK, or DEADLINE_EXCEEDED when handlers had to be
  // abandoned.
  Status Stop(const CallContext& call, const std::shared_ptr<Registration>& registration);
  // The same on another thread, waiting for nobody.
  void StopSoon(std::shared_ptr<Registration> registration);

  // Starts what can start and ends what cannot live. What fails is tried again in the background.
  void Reconcile(const CallContext& call);
  // The same on a pool thread, soon.
  void ReconcileSoon();

  // Ends all, side by side, and starts none until Resume. False when handlers were abandoned at the
  // deadline.
  bool Drain(Deadline deadline);
  void Resume(const CallContext& call);

  std::vector<Row> rows() const;

 private:
  struct Entry {
    std::string name;  // empty: a registration's
    SubscriptionSpec spec;
    std::shared_ptr<Registration> registration;  // null: by routes
    std::vector<std::string> paths;
    // One change at a time. Recursive, because a wait on the lent loop may run the next change.
    std::recursive_mutex life;
    int ending = 0;  // changes under way that end it; under `life`
    std::shared_ptr<Subscription> subscription;
    Status cause;               // why it is not live
    Waiter* starter = nullptr;  // of the call that starts it just now
    std::atomic<bool> is_gone{false};
    std::atomic<int> window_changes{0};  // to be looked at
  };
  using EntryPtr = std::shared_ptr<Entry>;

  StatusOr<EntryPtr> MakeEntry(std::string name, SubscriptionSpec spec) const;
  StatusOr<TopicRouter> MakeRouter(std::string_view name, const SubscriptionSpec& spec) const;
  std::vector<EntryPtr> entries() const;
  void Remove(const EntryPtr& entry);
  std::shared_ptr<Registration> FindHandler(const Entry& entry, std::string_view path) const;
  bool IsServed(const Entry& entry) const;
  Status StartEntry(const CallContext& call, const EntryPtr& entry);
  Status BringStoppable(const CallContext& call, Entry& entry);
  Status Bring(const CallContext& call, Entry& entry);
  bool EndAll(const std::vector<EntryPtr>& ending, Deadline deadline, const CallContext* call);
  template <class Wait>
  bool AwaitInSteps(Deadline deadline, const CallContext* call, Wait wait) const;
  void UpdateWindow(Entry& entry);
  uint32_t WindowOf(const Entry& entry) const;
  std::shared_ptr<Executor> QueueOf(const Entry& entry) const;
  void UpdateWindows();
  void TryLater();
  std::shared_ptr<Subscription> SubscriptionOf(Entry& entry) const;

  const std::shared_ptr<RuntimeHost> host_;
  const FindBlock find_block_;
  const Strictness strictness_;
  RouteTable routes_;
  mutable std::mutex mutex_;  // entries_, and what of an entry is not under its life
  std::vector<EntryPtr> entries_;
  std::atomic<bool> is_resting_{false};
  std::atomic<bool> has_come_to_rest_{false};
  std::atomic<SteadyTime> rest_by_{SteadyTime::max()};  // no other wait goes on for longer
  std::atomic<bool> will_try_{false};
  std::atomic<Duration> pause_{std::chrono::seconds(1)};
};

}  // namespace mecha
