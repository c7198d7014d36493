// SPDX-License-Identifier: Apache-2.0
// PluginHost: what one component of a plug-in holds of the library: the table mecha_host, and the
// tasks that the plug-in owes an outcome. It starts no operation itself.
//
// Tasks are numbers, slot and generation, never addresses: a second or late completion finds
// nothing, or a slot whose call has ended. Whoever takes a task out of its slot, the completion or
// the end of its call, is the one that ends it. Any thread. Shared by the component and its tasks;
// when tasks are open at Close it stays for ever, for nobody can tell when the plug-in's threads
// have left it, and knows nothing of the runtime.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "contract/host.h"
#include "contract/settings.h"
#include "mecha/component.h"
#include "plugins/feed_table.h"
#include "plugins/plugin_type.h"

namespace mecha {

class PluginTask;

class PluginHost final : public std::enable_shared_from_this<PluginHost> {
 public:
  PluginHost(std::shared_ptr<const PluginType> type, const Settings& settings, Host& host);
  PluginHost(const PluginHost&) = delete;
  PluginHost& operator=(const PluginHost&) = delete;

  const mecha_host* table() const { return &table_.functions; }
  // Only while an operation or the component's own life goes on.
  Host& host() const { return *host_; }

  mecha_task Open(std::shared_ptr<PluginTask> task);
  // Ends the call of a task that is still open; the plug-in owes its outcome all the same. False
  // when the outcome has come: then it is about to be delivered. `why` is what the plug-in is told;
  // MECHA_OK: what the task says of its own state.
  bool Abandon(mecha_task task, mecha_status why);
  // Ends the calls of all tasks of `owner` that are still open.
  void EndTasksOf(const void* owner, const Status& status);
  FeedTable& feeds() { return feeds_; }
  // Of a function whose failures nobody is shown: an INTERNAL one becomes a warning.
  void WarnOfInternal(std::string_view function, const Status& status);
  // When the component has closed. Says how many tasks were never completed.
  void Close();

 private:
  // What the plug-in gets, with the way back to this object behind it.
  struct Table {
    mecha_host functions;
    PluginHost* owner;
  };
  struct Slot {
    uint32_t generation = 1;
    bool is_open = false;
    mecha_status why = MECHA_OK;       // once its call has ended
    std::shared_ptr<PluginTask> task;  // null once its call has ended
  };

  static PluginHost& Of(const mecha_host* host);
  static void OnComplete(const mecha_host* host, mecha_task task,
                         const mecha_outcome* outcome) noexcept;
  static mecha_status OnTaskState(const mecha_host* host, mecha_task task) noexcept;
  static int64_t OnTaskRemaining(const mecha_host* host, mecha_task task) noexcept;
  static int64_t OnSteady(const mecha_host* host) noexcept;
  static int64_t OnWall(const mecha_host* host) noexcept;
  static void OnRandom(const mecha_host* host, void* bytes, size_t size) noexcept;
  static void OnLog(const mecha_host* host, uint32_t severity, mecha_view message) noexcept;
  static mecha_view OnSettingText(const mecha_host* host, const char* name) noexcept;
  static int64_t OnSettingNumber(const mecha_host* host, const char* name) noexcept;
  static mecha_status OnDeliver(const mecha_host* host, mecha_feed feed,
                                const mecha_delivery* deliveries, size_t count) noexcept;
  static void OnFeedHealth(const mecha_host* host, mecha_feed feed, mecha_status status,
                           mecha_view message) noexcept;

  // Null unless the task is open. Under mutex_.
  Slot* Find(mecha_task task);
  void Complete(mecha_task task, const mecha_outcome* outcome);
  mecha_status Deliver(mecha_feed feed, std::span<const mecha_delivery> deliveries);
  void Log(Severity severity, std::string_view message);
  void Blame(std::string_view fault);

  const std::shared_ptr<const PluginType> type_;
  const Settings* settings_;
  Host* host_;
  mecha_identity identity_;
  Table table_;
  FeedTable feeds_;
  std::mutex log_mutex_;  // logs_to_
  Host* logs_to_;         // null once closed
  std::mutex mutex_;      // the rest
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
  size_t open_count_ = 0;
  std::shared_ptr<PluginHost> itself_;  // for ever, once closed with open tasks
};

}  // namespace mecha
