// SPDX-License-Identifier: Apache-2.0
#include "runtime/component_starter.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "result/status.h"
#include "result/status_or.h"
#include "runtime/fault_location.h"
#include "runtime/pubsub_options.h"
#include "runtime/settings_builder.h"
#include "runtime/state_encryption.h"
#include "secretstores/secret_operation.h"
#include "secretstores/secret_scopes.h"
#include "state/key_prefix.h"

namespace mecha {
namespace {

constexpr Duration kFirstPause = std::chrono::milliseconds(500);
constexpr Duration kLongestPause = std::chrono::seconds(30);

// `file:9:14: component "orders" (state.redis) <words>: <the failure>`
std::string Describe(const ComponentSlot& slot, std::string_view words, const Status& failure) {
  const std::string who = "component \"" + slot.document.name + "\" (" +
                          std::string(slot.entry->info->type) + ")" + std::string(words);
  return DescribeFault(LocateFault(slot.document, *slot.entry->info, failure), who);
}

// The components that start side by side, and the first failure among them.
class Batch {
 public:
  void Add() {
    const std::lock_guard lock(mutex_);
    ++running_;
  }
  void End(const Status& status) {
    const std::lock_guard lock(mutex_);
    first_failure_.Update(status);
    if (--running_ == 0) {
      ended_.notify_all();
    }
  }
  Status Await() {
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [this] { return running_ == 0; });
    return first_failure_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  int running_ = 0;
  Status first_failure_;
};

}  // namespace

ComponentStarter::ComponentStarter(Surroundings surroundings) : around_(std::move(surroundings)) {}

ComponentStarter::~ComponentStarter() { StopRetries(); }

Status ComponentStarter::StartAll() {
  {
    const std::lock_guard lock(mutex_);
    is_stopped_ = false;
  }
  RETURN_IF_ERROR(StartSecretStores());
  return StartOthers();
}

// A secret store may itself need another one, so they start in as many rounds as that takes.
Status ComponentStarter::StartSecretStores() {
  std::vector<ComponentSlot*> waiting;
  for (const auto& slot : around_.components.slots()) {
    if (slot->is_secret_store()) {
      waiting.push_back(slot.get());
    }
  }
  for (bool made_progress = true; made_progress && !waiting.empty();) {
    made_progress = false;
    for (ComponentSlot*& slot : waiting) {
      if (HasItsSecretStores(*slot)) {
        RETURN_IF_ERROR(StartAndJudge(*slot));
        slot = nullptr;
        made_progress = true;
      }
    }
    std::erase(waiting, nullptr);
  }
  for (ComponentSlot* slot : waiting) {
    RETURN_IF_ERROR(StartAndJudge(*slot));  // says which secret store is missing
  }
  return OkStatus();
}

Status ComponentStarter::StartOthers() {
  Batch batch;
  std::vector<ComponentSlot*> here;
  for (const auto& slot : around_.components.slots()) {
    if (slot->is_secret_store()) {
      continue;
    }
    if (slot->entry->info->is_embedded || around_.host.host_runs_loop()) {
      here.push_back(slot.get());
      continue;
    }
    batch.Add();
    around_.host.PostBlocking(
        [this, &batch, slot = slot.get()] { batch.End(StartAndJudge(*slot)); });
  }
  Status first_failure;
  for (ComponentSlot* slot : here) {
    first_failure.Update(StartAndJudge(*slot));
  }
  // Also runs here what no thread could be had for.
  around_.host.pool().Finish();
  first_failure.Update(batch.Await());
  return first_failure;
}

bool ComponentStarter::HasItsSecretStores(const ComponentSlot& slot) const {
  return std::ranges::all_of(SecretStoresNeeded(slot.document), [this](const auto& name) {
    const ComponentSlot* store = around_.components.Find(name);
    return store != nullptr && store->service->health() == Health::kReady;
  });
}

// Whether a start goes on with the component as it is.
bool ComponentStarter::IsEnough(const ComponentSlot& slot, const Status& status) const {
  return status.ok() || slot.document.ignores_errors ||
         around_.settings.start == StartPolicy::kLazy;
}

Status ComponentStarter::StartAndJudge(ComponentSlot& slot) {
  const Status status = StartOne(slot);
  if (status.ok()) {
    return status;
  }
  if (!IsEnough(slot, status)) {
    const std::string unknown = FirstUnknownField(slot.document, *slot.entry->info);
    return Status(status.code(),
                  Describe(slot, unknown.empty() ? "" : " (" + unknown + ")", status));
  }
  around_.host.Log(Severity::kWarning, slot.document.name,
                   Describe(slot, " did not start", status));
  if (around_.settings.start == StartPolicy::kLazy) {
    RetryLater(slot, kFirstPause);
  }
  return OkStatus();
}

Status ComponentStarter::StartOne(ComponentSlot& slot) {
  Waiter waiter;
  {
    const std::lock_guard lock(mutex_);
    if (is_stopped_) {
      return StatusOf(StopCause::kClosed);
    }
    running_.insert(&waiter);
  }
  CallContext call;
  call.waiter = &waiter;
  call.may_block = true;
  call.deadline = Deadline::After(around_.host.clock().Now(), slot.document.init_timeout);
  const Status status = Initialise(slot, call);
  slot.service->SetHealth(status.ok() ? Health::kReady : Health::kBroken, status);
  const std::lock_guard lock(mutex_);
  running_.erase(&waiter);
  ended_.notify_all();
  return status;
}

Status ComponentStarter::Initialise(ComponentSlot& slot, const CallContext& call) {
  EndFailedTry(slot);
  RETURN_IF_ERROR(Resolve(slot, call));
  if (slot.is_secret_store()) {
    slot.secret_store = std::get<MakeSecretStore>(slot.entry->make)();
  } else if (slot.is_pub_sub()) {
    slot.pub_sub = std::get<MakePubSub>(slot.entry->make)();
  } else {
    slot.state_store = std::get<MakeStateStore>(slot.entry->make)();
    RETURN_IF_ERROR(EncryptIfAsked(slot));
  }
  RETURN_IF_ERROR(slot.component()->Init(call, *slot.settings, around_.host));
  return MakeBlock(slot);
}

// Before its settings are resolved anew: until it is closed the component may look at the old ones.
void ComponentStarter::EndFailedTry(ComponentSlot& slot) {
  if (slot.component() == nullptr) {
    return;
  }
  slot.component()->Close();
  slot.Drop();
}

Status ComponentStarter::Resolve(ComponentSlot& slot, const CallContext& call) {
  Findings findings(around_.settings.strictness);
  ValueResolver resolver(
      around_.resolver,
      [&](std::string_view store, std::string_view name) { return Fetch(call, store, name); },
      [this](std::span<unsigned char> bytes) { around_.host.Random(bytes); });
  const std::vector<ResolvedItem> items = resolver.Resolve(slot.document, findings);
  Settings::Identity identity;
  identity.app_id = around_.resolver.app_id;
  identity.name_space = around_.resolver.name_space;
  identity.instance_id = around_.instance_id();
  auto settings =
      BuildSettings(slot.document, *slot.entry->info, items, std::move(identity), findings);
  for (const std::string& warning : findings.warnings()) {
    around_.host.Log(Severity::kWarning, slot.document.name, warning);
  }
  RETURN_IF_ERROR(findings.ToStatus());
  RETURN_IF_ERROR(settings.status());
  slot.settings.emplace(*std::move(settings));
  return OkStatus();
}

StatusOr<Secret> ComponentStarter::Fetch(const CallContext& call, std::string_view store,
                                         std::string_view name) {
  ComponentSlot* slot = around_.components.Find(store);
  if (slot == nullptr || !slot->is_secret_store()) {
    return FailedPrecondition("there is no secret store named \"" + std::string(store) + "\"");
  }
  RETURN_IF_ERROR(slot->service->CheckReady());
  StatusOr<Secret> fetched = Internal("the secret store did not answer");
  slot->secret_store->Get(call, name,
                          [&](StatusOr<Secret> secret) { fetched = std::move(secret); });
  return fetched;
}

Status ComponentStarter::MakeBlock(ComponentSlot& slot) {
  if (slot.is_secret_store()) {
    slot.secrets =
        std::make_unique<SecretBlock>(*slot.service, *slot.secret_store,
                                      FindSecretScope(around_.configuration, slot.document.name));
    return OkStatus();
  }
  return slot.is_pub_sub() ? MakePubSubBlock(slot) : MakeStateBlock(slot);
}

Status ComponentStarter::MakeStateBlock(ComponentSlot& slot) {
  StateBlockOptions options;
  options.limits = around_.settings.limits;
  ASSIGN_OR_RETURN(options.key_prefix,
                   MakeKeyPrefix(slot.settings->Text("keyPrefix"), slot.settings->identity()));
  const int64_t ttl_seconds = slot.settings->Integer("ttlInSeconds");
  if (ttl_seconds > 0) {
    options.default_ttl = std::chrono::seconds(ttl_seconds);
  }
  slot.state = std::make_unique<StateBlock>(*slot.service, *slot.state_store, std::move(options));
  return OkStatus();
}

Status ComponentStarter::MakePubSubBlock(ComponentSlot& slot) {
  ASSIGN_OR_RETURN(PubSubBlockOptions options,
                   ReadPubSubOptions(slot.document, *slot.settings, around_.settings));
  slot.messages = std::make_unique<PubSubBlock>(*slot.service, *slot.pub_sub, std::move(options));
  return OkStatus();
}

void ComponentStarter::RetryLater(ComponentSlot& slot, Duration pause) {
  const std::lock_guard lock(mutex_);
  if (is_stopped_) {
    return;
  }
  // The timer's own number is not known inside its job; finished ones are forgotten at StopRetries.
  timers_.insert(around_.host.RunAfter(pause, [this, &slot, pause, round = round_] {
    around_.host.PostBlocking([this, &slot, pause, round] { Retry(slot, pause, round); });
  }));
}

void ComponentStarter::Retry(ComponentSlot& slot, Duration pause, uint64_t round) {
  {
    const std::lock_guard lock(mutex_);
    if (is_stopped_ || round != round_) {
      return;
    }
  }
  if (!StartOne(slot).ok()) {
    RetryLater(slot, std::min(pause * 2, kLongestPause));
  }
}

void ComponentStarter::StopRetries() {
  std::unique_lock lock(mutex_);
  is_stopped_ = true;
  ++round_;
  for (const uint64_t timer : std::exchange(timers_, {})) {
    around_.host.CancelTimer(timer);
  }
  for (Waiter* waiter : running_) {
    waiter->Stop(StopCause::kClosed);
  }
  ended_.wait(lock, [this] { return running_.empty(); });
}

void ComponentStarter::ResumeRetries() {
  {
    const std::lock_guard lock(mutex_);
    is_stopped_ = false;
  }
  if (around_.settings.start != StartPolicy::kLazy) {
    return;
  }
  for (const auto& slot : around_.components.slots()) {
    if (slot->service->health() == Health::kBroken) {
      RetryLater(*slot, kFirstPause);
    }
  }
}

}  // namespace mecha
