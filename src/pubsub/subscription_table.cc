// SPDX-License-Identifier: Apache-2.0
#include "pubsub/subscription_table.h"

#include <algorithm>
#include <utility>

#include "encoding/quoted.h"
#include "resources/findings.h"

namespace mecha {
namespace {

constexpr Duration kFirstPause = std::chrono::seconds(1);
constexpr Duration kLongestPause = std::chrono::seconds(30);
// How long a subscription may take to begin when nobody waits for it.
constexpr Duration kStartTimeout = std::chrono::seconds(10);
// How long the broker may take with the last settlements.
constexpr Duration kGrace = std::chrono::seconds(2);
// How often a wait looks whether its call was stopped, and asks whether it shall be.
constexpr Duration kStep = std::chrono::milliseconds(50);

Status Stopped() { return Cancelled("the registration was stopped before it was live"); }

// Why handlers were not waited for any longer.
Status LeftHandlers(const CallContext& call) {
  if (call.waiter->stop_cause() == StopCause::kCancelled) {
    return Cancelled("cancelled before handlers had ended; their messages went back");
  }
  return DeadlineExceeded("handlers did not end in time; their messages went back");
}

}  // namespace

// Waits in steps. False at the deadline, or when the call, if there is one, is stopped. A signal
// does not end the wait, so the host is asked at each step.
template <class Wait>
bool SubscriptionTable::AwaitInSteps(Deadline deadline, const CallContext* call, Wait wait) const {
  const Clock& clock = host_->clock();
  for (;;) {
    const Deadline until = Deadline::At(std::min(deadline.at(), rest_by_.load()));
    const Duration left = until.Remaining(clock.Now());
    if (wait(Deadline::After(clock.Now(), std::min(left, kStep)))) {
      return true;
    }
    if (call != nullptr && call->interrupt.WantsToStop()) {
      call->waiter->Stop(StopCause::kCancelled);
    }
    if (left == Duration::zero() ||
        (call != nullptr && call->waiter->stop_cause() != StopCause::kNone)) {
      return false;
    }
  }
}

StatusOr<TopicRouter> SubscriptionTable::MakeRouter(std::string_view name,
                                                    const SubscriptionSpec& spec) const {
  Findings findings(name.empty() ? Strictness::kStrict : strictness_);
  std::optional<TopicRouter> router = TopicRouter::Create(spec, findings);
  for (const std::string& warning : findings.warnings()) {
    host_->Log(Severity::kWarning, spec.pubsub_name, warning);
  }
  RETURN_IF_ERROR(findings.ToStatus());
  if (!router.has_value()) {
    return InvalidArgument(ToText(spec.location) +
                           ": the routes of the subscription cannot be used");
  }
  return *std::move(router);
}

StatusOr<SubscriptionTable::EntryPtr> SubscriptionTable::MakeEntry(std::string name,
                                                                   SubscriptionSpec spec) const {
  ASSIGN_OR_RETURN(const TopicRouter router, MakeRouter(name, spec));
  auto entry = std::make_shared<Entry>();
  entry->name = std::move(name);
  for (const std::string_view path : router.paths()) {
    entry->paths.emplace_back(path);
  }
  entry->spec = std::move(spec);
  return entry;
}

std::vector<SubscriptionTable::EntryPtr> SubscriptionTable::entries() const {
  const std::lock_guard lock(mutex_);
  return entries_;
}

void SubscriptionTable::Remove(const EntryPtr& entry) {
  const std::lock_guard lock(mutex_);
  entry->is_gone = true;
  std::erase(entries_, entry);
}

std::shared_ptr<Subscription> SubscriptionTable::SubscriptionOf(Entry& entry) const {
  const std::lock_guard lock(mutex_);
  return entry.subscription;
}

Status SubscriptionTable::Apply(SubscriptionDocument document) {
  ASSIGN_OR_RETURN(EntryPtr entry, MakeEntry(document.name, std::move(document.spec)));
  std::vector<EntryPtr> replaced;
  {
    const std::lock_guard lock(mutex_);
    std::ranges::copy_if(entries_, std::back_inserter(replaced),
                         [&](const EntryPtr& known) { return known->name == document.name; });
    std::ranges::for_each(replaced, [](const EntryPtr& known) { known->is_gone = true; });
    std::erase_if(entries_, [&](const EntryPtr& known) { return known->name == document.name; });
    entries_.push_back(std::move(entry));
  }
  EndAll(replaced, Deadline::After(host_->clock().Now(), kStartTimeout), nullptr);
  return OkStatus();
}

Status SubscriptionTable::Delete(const CallContext& call, std::string_view name) {
  for (const EntryPtr& entry : entries()) {
    if (!name.empty() && entry->name == name) {
      Remove(entry);
      return EndAll({entry}, call.deadline, &call) ? OkStatus() : LeftHandlers(call);
    }
  }
  return Status(StatusCode::kNotFound, "there is no subscription named " + Quoted(name));
}

std::shared_ptr<Registration> SubscriptionTable::FindHandler(const Entry& entry,
                                                             std::string_view path) const {
  return entry.registration != nullptr ? entry.registration : routes_.Find(path);
}

bool SubscriptionTable::IsServed(const Entry& entry) const {
  if (entry.registration != nullptr) {
    return !entry.registration->is_stopped();
  }
  return std::ranges::all_of(
      entry.paths, [this](const std::string& path) { return routes_.Find(path) != nullptr; });
}

Status SubscriptionTable::StartEntry(const CallContext& call, const EntryPtr& entry) {
  const std::lock_guard life(entry->life);
  if (entry->is_gone || (entry->subscription != nullptr && entry->subscription->is_live())) {
    return OkStatus();
  }
  if (entry->ending > 0) {
    return FailedPrecondition("the subscription ends just now; it starts again afterwards");
  }
  if (!IsServed(*entry)) {
    return Stopped();
  }
  const Status started = BringStoppable(call, *entry);
  {
    const std::lock_guard lock(mutex_);
    entry->cause = started;
  }
  if (started.ok()) {
    UpdateWindow(*entry);
  }
  return started;
}

// Whoever comes to rest sees the starter, or the starter sees that.
Status SubscriptionTable::BringStoppable(const CallContext& call, Entry& entry) {
  {
    const std::lock_guard lock(mutex_);
    entry.starter = call.waiter;
  }
  const Status brought = is_resting_.load() ? StatusOf(StopCause::kSuspended) : Bring(call, entry);
  const std::lock_guard lock(mutex_);
  entry.starter = nullptr;
  return brought;
}

Status SubscriptionTable::Bring(const CallContext& call, Entry& entry) {
  if (entry.subscription == nullptr) {
    ASSIGN_OR_RETURN(PubSubBlock * block, find_block_(entry.spec.pubsub_name));
    RETURN_IF_ERROR(block->CheckSubscribe(entry.spec.topic));
    ASSIGN_OR_RETURN(TopicRouter router, MakeRouter(entry.name, entry.spec));
    // The table outlives its subscriptions' feeds; what holds the entry is the table itself.
    Subscription::Way way{*block, entry.spec, entry.name, std::move(router),
                          [this, registration = entry.registration](std::string_view path) {
                            return registration != nullptr ? registration : routes_.Find(path);
                          }};
    auto subscription = std::make_shared<Subscription>(std::move(way), host_);
    const std::lock_guard lock(mutex_);
    entry.subscription = std::move(subscription);
  }
  return entry.subscription->Start(call);
}

// All its paths have room, or it takes nothing: a message of a paused path would hold up the rest.
void SubscriptionTable::UpdateWindow(Entry& entry) {
  // One at a time, and again when there was another change meanwhile: the last one counts.
  if (entry.window_changes.fetch_add(1) != 0) {
    return;
  }
  int seen = 1;
  do {
    seen = entry.window_changes.load();
    const std::shared_ptr<Subscription> subscription = SubscriptionOf(entry);
    if (subscription != nullptr) {
      subscription->SetWindow(WindowOf(entry), QueueOf(entry));
    }
  } while (entry.window_changes.fetch_sub(seen) != seen);
}

uint32_t SubscriptionTable::WindowOf(const Entry& entry) const {
  uint32_t most = 0;
  for (const std::string& path : entry.paths) {
    const std::shared_ptr<Registration> handler = FindHandler(entry, path);
    const uint32_t window = handler == nullptr ? 0 : handler->window();
    if (window == 0) {
      return 0;
    }
    most = std::max(most, window);
  }
  return most;
}

// The one that all its paths' requests come to; null where there are several.
std::shared_ptr<Executor> SubscriptionTable::QueueOf(const Entry& entry) const {
  std::shared_ptr<CompletionQueue> queue;
  for (const std::string& path : entry.paths) {
    const std::shared_ptr<Registration> handler = FindHandler(entry, path);
    if (handler == nullptr || (queue != nullptr && queue != handler->queue())) {
      return nullptr;
    }
    queue = handler->queue();
  }
  return queue;
}

void SubscriptionTable::UpdateWindows() {
  for (const EntryPtr& entry : entries()) {
    UpdateWindow(*entry);
  }
}

void SubscriptionTable::Listen(Registration& registration) {
  registration.SetWindowListener([weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->UpdateWindows();
    }
  });
}

Status SubscriptionTable::ServeTopics(const CallContext& call,
                                      const std::shared_ptr<Registration>& registration,
                                      std::vector<SubscriptionSpec> specs) {
  std::vector<EntryPtr> added;
  for (SubscriptionSpec& spec : specs) {
    ASSIGN_OR_RETURN(EntryPtr entry, MakeEntry({}, std::move(spec)));
    entry->registration = registration;
    added.push_back(std::move(entry));
  }
  {
    const std::lock_guard lock(mutex_);
    entries_.insert(entries_.end(), added.begin(), added.end());
  }
  for (const EntryPtr& entry : added) {
    Status started = StartEntry(call, entry);
    if (started.ok() && registration->is_stopped()) {
      started = Stopped();
    }
    if (!started.ok()) {
      std::ranges::for_each(added, [this](const EntryPtr& one) { Remove(one); });
      EndAll(added, Deadline::After(host_->clock().Now(), kGrace), nullptr);
      return started;
    }
  }
  return OkStatus();
}

Status SubscriptionTable::ServeRoutes(const CallContext& call,
                                      const std::shared_ptr<Registration>& registration,
                                      std::span<const std::string_view> patterns) {
  RETURN_IF_ERROR(routes_.Add(patterns, registration));
  if (registration->is_stopped()) {
    routes_.Remove(*registration);
    return Stopped();
  }
  Reconcile(call);
  return OkStatus();
}

void SubscriptionTable::Reconcile(const CallContext& call) {
  bool must_try_again = false;
  std::vector<EntryPtr> ending;
  for (const EntryPtr& entry : entries()) {
    const bool is_served = IsServed(*entry);
    const std::shared_ptr<Subscription> subscription = SubscriptionOf(*entry);
    const bool is_live = subscription != nullptr && subscription->is_live();
    if (is_served && !is_live && !is_resting_.load()) {
      must_try_again |= !StartEntry(call, entry).ok();
    } else if (!is_served && is_live && entry->registration == nullptr) {
      ending.push_back(entry);  // a TOPIC's is ended by whoever stops its registration
    } else if (is_live) {
      UpdateWindow(*entry);
    }
  }
  EndAll(ending, call.deadline, &call);
  if (must_try_again) {
    TryLater();
  } else {
    pause_.store(kFirstPause);
  }
}

void SubscriptionTable::ReconcileSoon() {
  host_->PostBlocking([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr || self->is_resting_.load()) {
      return;
    }
    Waiter waiter;
    CallContext call;
    call.waiter = &waiter;
    call.may_block = true;
    call.deadline = Deadline::After(self->host_->clock().Now(), kStartTimeout);
    self->Reconcile(call);
  });
}

void SubscriptionTable::TryLater() {
  if (will_try_.exchange(true)) {
    return;
  }
  const Duration pause = pause_.load();
  pause_.store(std::min(2 * pause, kLongestPause));
  host_->RunAfter(pause, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->will_try_.store(false);
      self->ReconcileSoon();
    }
  });
}

// Side by side: none waits for the handlers of another.
bool SubscriptionTable::EndAll(const std::vector<EntryPtr>& ending, Deadline deadline,
                               const CallContext* call) {
  const Clock& clock = host_->clock();
  std::vector<std::unique_lock<std::recursive_mutex>> lives;
  std::vector<std::shared_ptr<Subscription>> subscriptions;
  for (const EntryPtr& entry : ending) {
    lives.emplace_back(entry->life);
    ++entry->ending;
    if (entry->subscription != nullptr) {
      subscriptions.push_back(entry->subscription);
      subscriptions.back()->BeginStop();
    }
  }
  bool is_clean = true;
  for (const auto& subscription : subscriptions) {
    const bool has_ended = AwaitInSteps(
        deadline, call, [&](Deadline until) { return subscription->AwaitHandlers(until); });
    if (!has_ended) {
      is_clean = false;
      subscription->Abandon();
    }
  }
  const Deadline grace = Deadline::After(clock.Now(), kGrace);
  for (const auto& subscription : subscriptions) {
    subscription->AwaitSettled(grace);
    subscription->Close();
  }
  std::ranges::for_each(ending, [](const EntryPtr& entry) { --entry->ending; });
  return is_clean;
}

Status SubscriptionTable::Stop(const CallContext& call,
                               const std::shared_ptr<Registration>& registration) {
  registration->Stop();
  routes_.Remove(*registration);
  std::vector<EntryPtr> ending;
  for (const EntryPtr& entry : entries()) {
    if (entry->registration == registration) {
      Remove(entry);
      ending.push_back(entry);
    } else if (entry->registration == nullptr && !IsServed(*entry)) {
      ending.push_back(entry);
    }
  }
  bool is_clean = EndAll(ending, call.deadline, &call);
  // Of subscriptions that live on, because another registration serves the path from now on.
  if (!AwaitInSteps(call.deadline, &call,
                    [&](Deadline until) { return registration->AwaitAnswers(until); })) {
    is_clean = false;
    registration->Abandon(nullptr);
  }
  return is_clean ? OkStatus() : LeftHandlers(call);
}

void SubscriptionTable::StopSoon(std::shared_ptr<Registration> registration) {
  auto stop = [self = shared_from_this(), registration = std::move(registration)] {
    Waiter waiter;
    CallContext call;
    call.waiter = &waiter;
    call.may_block = true;
    call.deadline = Deadline::At(SteadyTime{});
    self->Stop(call, registration).IgnoreError();
  };
  if (has_come_to_rest_.load()) {
    stop();  // there is nothing to wait for, and no thread may be started
  } else {
    host_->PostBlocking(std::move(stop));
  }
}

bool SubscriptionTable::Drain(Deadline deadline) {
  rest_by_.store(deadline.at());
  is_resting_.store(true);
  {
    const std::lock_guard lock(mutex_);
    for (const EntryPtr& entry : entries_) {
      if (entry->starter != nullptr) {
        entry->starter->Stop(StopCause::kSuspended);
      }
    }
  }
  const bool is_clean = EndAll(entries(), deadline, nullptr);
  has_come_to_rest_.store(true);
  return is_clean;
}

void SubscriptionTable::Resume(const CallContext& call) {
  has_come_to_rest_.store(false);
  rest_by_.store(SteadyTime::max());
  is_resting_.store(false);
  Reconcile(call);
}

std::vector<SubscriptionTable::Row> SubscriptionTable::rows() const {
  std::vector<Row> rows;
  for (const EntryPtr& entry : entries()) {
    const std::shared_ptr<Subscription> subscription = SubscriptionOf(*entry);
    Row row;
    row.name = entry->name;
    row.component = entry->spec.pubsub_name;
    row.topic = entry->spec.topic;
    for (const std::string& path : entry->paths) {
      if (FindHandler(*entry, path) == nullptr) {
        row.missing_paths.push_back(path);
      }
    }
    if (subscription != nullptr) {
      row.is_live = subscription->is_live();
      row.health = subscription->health();
      row.tally = subscription->tally();
    }
    if (!row.is_live) {
      const std::lock_guard lock(mutex_);
      row.health = entry->cause;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace mecha
