// SPDX-License-Identifier: Apache-2.0
#include "plugins/plugin_host.h"

#include <algorithm>
#include <utility>

#include "plugins/memory_guard.h"
#include "plugins/plugin_outcome.h"
#include "plugins/plugin_task.h"

namespace mecha {
namespace {

uint32_t SlotOf(mecha_task task) { return static_cast<uint32_t>(task); }
uint32_t GenerationOf(mecha_task task) { return static_cast<uint32_t>(task >> 32); }
mecha_task NumberOf(uint32_t slot, uint32_t generation) {
  return (static_cast<mecha_task>(generation) << 32) | slot;
}

Severity SeverityOf(uint32_t severity) {
  return static_cast<Severity>(std::min<uint32_t>(severity, MECHA_LOG_ERROR));
}

}  // namespace

PluginHost::PluginHost(std::shared_ptr<const PluginType> type, const Settings& settings, Host& host)
    : type_(std::move(type)), settings_(&settings), host_(&host), logs_to_(&host) {
  const Settings::Identity& identity = settings.identity();
  identity_ = {.struct_size = sizeof identity_,
               .reserved = 0,
               .name = identity.name.c_str(),
               .type = identity.type.c_str(),
               .version = identity.version.c_str(),
               .app_id = identity.app_id.c_str(),
               .name_space = identity.name_space.c_str(),
               .instance_id = identity.instance_id.c_str()};
  table_ = {.functions = {.struct_size = sizeof(mecha_host),
                          .spi_version = MECHA_SPI_VERSION,
                          .identity = &identity_,
                          .complete = OnComplete,
                          .task_state = OnTaskState,
                          .task_remaining_ns = OnTaskRemaining,
                          .steady_ns = OnSteady,
                          .wall_unix_ms = OnWall,
                          .random = OnRandom,
                          .log = OnLog,
                          .setting_text = OnSettingText,
                          .setting_number = OnSettingNumber,
                          .deliver = OnDeliver,
                          .feed_health = OnFeedHealth},
            .owner = this};
}

mecha_task PluginHost::Open(std::shared_ptr<PluginTask> task) {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) {
    free_.push_back(static_cast<uint32_t>(slots_.size()));
    slots_.emplace_back();
    free_.reserve(slots_.capacity());  // Complete takes no memory
  }
  const uint32_t index = free_.back();
  free_.pop_back();
  ++open_count_;
  Slot& slot = slots_[index];
  slot.is_open = true;
  slot.task = std::move(task);
  return NumberOf(index, slot.generation);
}

PluginHost::Slot* PluginHost::Find(mecha_task task) {
  if (SlotOf(task) >= slots_.size()) {
    return nullptr;
  }
  Slot& slot = slots_[SlotOf(task)];
  return slot.is_open && slot.generation == GenerationOf(task) ? &slot : nullptr;
}

bool PluginHost::Abandon(mecha_task task, mecha_status why) {
  std::shared_ptr<PluginTask> dropped;  // freed after the lock
  const std::lock_guard lock(mutex_);
  Slot* slot = Find(task);
  if (slot == nullptr || slot->task == nullptr) {
    return false;
  }
  slot->why = why == MECHA_OK ? slot->task->State() : why;
  dropped = std::move(slot->task);
  return true;
}

void PluginHost::EndTasksOf(const void* owner, const Status& status) {
  std::vector<std::shared_ptr<PluginTask>> found;
  {
    const std::lock_guard lock(mutex_);
    for (const Slot& slot : slots_) {
      if (slot.task != nullptr && slot.task->owner() == owner) {
        found.push_back(slot.task);
      }
    }
  }
  for (const auto& task : found) {
    task->End(status);
  }
}

void PluginHost::Complete(mecha_task task, const mecha_outcome* outcome) {
  std::shared_ptr<PluginTask> taken;  // may be this object's last owner, so freed last
  bool is_open = false;
  {
    const std::lock_guard lock(mutex_);
    Slot* slot = Find(task);
    is_open = slot != nullptr;
    if (is_open) {
      taken = std::move(slot->task);
      // Generation 0 is none, so that no task is 0.
      *slot = {.generation = std::max<uint32_t>(slot->generation + 1, 1)};
      free_.push_back(SlotOf(task));
      if (--open_count_ == 0 && itself_ != nullptr) {
        slots_ = {};  // of what is kept for ever, only this object
        free_ = {};
      }
    }
  }
  if (taken != nullptr) {
    taken->OnOutcome(outcome);
  } else if (!is_open) {
    GuardMemory([this] {
      Blame(" completed a task that is not open, so twice; the outcome was ignored");
    }).IgnoreError();
  }
}

mecha_status PluginHost::Deliver(mecha_feed feed, std::span<const mecha_delivery> deliveries) {
  const std::shared_ptr<FeedInbox> inbox = feeds_.Find(feed);
  std::string_view fault = "delivered messages to a feed that is not open";
  const mecha_status status = inbox == nullptr ? MECHA_GONE : inbox->Deliver(deliveries, fault);
  if (!fault.empty()) {
    Blame(" " + std::string(fault) + "; they were refused");
  }
  return status;
}

void PluginHost::Close() {
  size_t open = 0;
  {
    const std::lock_guard lock(mutex_);
    open = open_count_;
    if (open != 0) {
      itself_ = shared_from_this();
    }
  }
  if (open != 0) {
    Blame(" never completed " + std::to_string(open) + " of its tasks; they were abandoned");
  }
  const std::lock_guard lock(log_mutex_);
  logs_to_ = nullptr;
}

void PluginHost::Log(Severity severity, std::string_view message) {
  const std::lock_guard lock(log_mutex_);
  if (logs_to_ != nullptr) {
    logs_to_->Log(severity, settings_->identity().name, message);
  }
}

void PluginHost::WarnOfInternal(std::string_view function, const Status& status) {
  if (HasCode(status, StatusCode::kInternal)) {
    Log(Severity::kWarning, std::string(function) + " of the plug-in " + type_->plugin() +
                                " failed: " + std::string(status.message()));
  }
}

void PluginHost::Blame(std::string_view fault) {
  Log(Severity::kWarning,
      "the plug-in " + type_->plugin() + std::string(fault) + ". Tell its makers");
}

PluginHost& PluginHost::Of(const mecha_host* host) {
  return *reinterpret_cast<const Table*>(host)->owner;
}

void PluginHost::OnComplete(const mecha_host* host, mecha_task task,
                            const mecha_outcome* outcome) noexcept {
  Of(host).Complete(task, outcome);
}

mecha_status PluginHost::OnTaskState(const mecha_host* host, mecha_task task) noexcept {
  PluginHost& self = Of(host);
  const std::lock_guard lock(self.mutex_);
  const Slot* slot = self.Find(task);
  if (slot == nullptr) {
    return MECHA_GONE;
  }
  return slot->task == nullptr ? slot->why : slot->task->State();
}

int64_t PluginHost::OnTaskRemaining(const mecha_host* host, mecha_task task) noexcept {
  PluginHost& self = Of(host);
  const std::lock_guard lock(self.mutex_);
  const Slot* slot = self.Find(task);
  return slot == nullptr || slot->task == nullptr ? 0 : slot->task->Remaining().count();
}

int64_t PluginHost::OnSteady(const mecha_host* host) noexcept {
  return Of(host).host_->clock().Now().time_since_epoch().count();
}

int64_t PluginHost::OnWall(const mecha_host* host) noexcept {
  const WallTime now = Of(host).host_->clock().WallNow();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
}

void PluginHost::OnRandom(const mecha_host* host, void* bytes, size_t size) noexcept {
  Of(host).host_->Random({static_cast<unsigned char*>(bytes), size});
}

void PluginHost::OnLog(const mecha_host* host, uint32_t severity, mecha_view message) noexcept {
  GuardMemory([&] { Of(host).Log(SeverityOf(severity), TextOf(message)); }).IgnoreError();
}

mecha_view PluginHost::OnSettingText(const mecha_host* host, const char* name) noexcept {
  const Settings& settings = *Of(host).settings_;
  return settings.Has(name) ? ViewOf(settings.Text(name)) : mecha_view{nullptr, 0};
}

int64_t PluginHost::OnSettingNumber(const mecha_host* host, const char* name) noexcept {
  const Settings& settings = *Of(host).settings_;
  const FieldInfo* field = Of(host).type_->FindField(name);
  switch (field == nullptr ? FieldType::kText : field->type) {
    case FieldType::kInteger:
      return settings.Integer(name);
    case FieldType::kNumber:
      return static_cast<int64_t>(settings.Number(name));
    case FieldType::kBoolean:
      return settings.Boolean(name) ? 1 : 0;
    case FieldType::kDuration:
      return settings.Time(name).count();
    case FieldType::kBytes:
      return static_cast<int64_t>(settings.Bytes(name));
    case FieldType::kText:
      return 0;
  }
  return 0;
}

mecha_status PluginHost::OnDeliver(const mecha_host* host, mecha_feed feed,
                                   const mecha_delivery* deliveries, size_t count) noexcept {
  mecha_status status = MECHA_NO_MEMORY;
  GuardMemory([&] {
    status = Of(host).Deliver(feed, {deliveries, deliveries == nullptr ? 0 : count});
  }).IgnoreError();
  return status;
}

void PluginHost::OnFeedHealth(const mecha_host* host, mecha_feed feed, mecha_status status,
                              mecha_view message) noexcept {
  const std::shared_ptr<FeedInbox> inbox = Of(host).feeds_.Find(feed);
  if (inbox != nullptr) {
    GuardMemory([&] {
      inbox->TellHealth(PluginStatus(status, MECHA_APPLIED_NO, message));
    }).IgnoreError();
  }
}

}  // namespace mecha
