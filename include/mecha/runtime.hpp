// SPDX-License-Identifier: Apache-2.0
// Runtime: opens components from YAML, starts them, and hands out State, Secrets and PubSub. Not
// a singleton: a process may have several.
#ifndef MECHA_RUNTIME_HPP
#define MECHA_RUNTIME_HPP

#include "result.hpp"
#include "runtime.h"

namespace mecha {
namespace v0 {

class State;
class Secrets;
class PubSub;

/// What a runtime is made of.
struct RuntimeOptions {
  /// Needed unless every store's keyPrefix is `none` or `name` and every pubsub component has a
  /// consumerID.
  std::string app_id{};
  std::string name_space{};                   ///< empty = none ("namespace" is a C++ keyword)
  std::vector<std::string> resource_paths{};  ///< files, or folders of .yaml files, in this order
  std::vector<std::string> resource_texts{};  ///< YAML documents as text, read after the paths
  std::vector<Entry> settings{};              ///< see docs/settings.md; an unknown one is an error
  bool uses_environment = false;              ///< read NAMESPACE, POD_NAME and envRef values
  bool lends_threads = false;                 ///< the runtime starts no thread: call Run
  /// Called on each new thread of the runtime, and before it ends.
  void (*thread_started)(void* user, const char* name) = nullptr;
  void (*thread_stopping)(void* user, const char* name) = nullptr;
  void* user = nullptr;
};

/// A runtime: one app id, its components, and every thread that serves them. Move-only; State,
/// Secrets, PubSub and Queue objects made from it are not to be used after it is gone (results
/// are). Every method may be called from any thread.
class Runtime {
 public:
  /// Reads and checks the resources. Starts and connects nothing; blocks on reading files. Fails
  /// with the file and line of a mistake in YAML.
  static Result<Runtime> Open(const RuntimeOptions& options) {
    const OpenBlock block(options);
    mecha_runtime* opened = nullptr;
    mecha_error* error = nullptr;
    const auto status = static_cast<Status>(mecha_runtime_open(block.get(), &opened, &error));
    if (IsFailure(status)) return Error(status, error);
    return Runtime(opened);
  }

  /// Starts every component; blocks until each is ready or has failed. Fails with the first broken
  /// component's error, and may then be called again.
  Result<void> Start() {
    mecha_error* error = nullptr;
    const mecha_status status = mecha_runtime_start(get(), &error);
    return Finish(status, error);
  }

  /// Open and Start in one.
  static Result<Runtime> OpenAndStart(const RuntimeOptions& options) {
    Result<Runtime> runtime = Open(options);
    if (!runtime.ok()) return runtime;
    Result<void> started = runtime->Start();
    if (!started.ok()) return std::move(started).error();
    return runtime;
  }

  /// Brings everything to rest before a freeze or a fork: no thread, socket or file is left. Calls
  /// get kSuspended. Blocks up to `deadline`; the value is a report as JSON.
  Result<Value> Suspend(std::chrono::nanoseconds deadline, bool keeps_connections = false) {
    const std::uint32_t flags =
        keeps_connections ? std::uint32_t{MECHA_SUSPEND_KEEP_CONNECTIONS} : 0;
    mecha_result* result = nullptr;
    const mecha_status status = mecha_runtime_suspend(get(), deadline.count(), flags, &result);
    return Value::From(static_cast<Status>(status), Answer(result));
  }

  /// Takes up work again after Suspend; blocks until the components are back. A copy of the process
  /// may do so, too: one restored from a snapshot, or a forked child.
  Result<void> Resume() {
    mecha_error* error = nullptr;
    const mecha_status status = mecha_runtime_resume(get(), &error);
    return Finish(status, error);
  }

  /// Ends all work: running calls may take until `deadline`. The value is a report as JSON, which
  /// on kDeadlineExceeded is item 0 of the error's answer. Destroying the runtime shuts down at
  /// once if this was not called.
  Result<Value> Shutdown(std::chrono::nanoseconds deadline) {
    mecha_result* result = nullptr;
    const mecha_status status = mecha_runtime_shutdown(get(), deadline.count(), &result);
    return Value::From(static_cast<Status>(status), Answer(result));
  }

  /// Lends this thread to the runtime (lends_threads only) for up to `timeout`; negative = for
  /// ever. The value is how many pieces of work ran.
  Result<std::int32_t> Run(std::chrono::nanoseconds timeout) {
    const std::int32_t count = mecha_runtime_run(get(), timeout.count());
    if (count < 0) return Error(static_cast<Status>(count), Answer());
    return count;
  }

  /// The descriptor that is readable when Run has work; -1 without lends_threads. Do not close it.
  int fd() const noexcept { return mecha_runtime_fd(get()); }

  /// Components, health, warnings, counters and limits as JSON. Holds no secret.
  Result<Value> Describe() const {
    mecha_result* result = nullptr;
    const mecha_status status = mecha_runtime_describe(get(), &result);
    return Value::From(static_cast<Status>(status), Answer(result));
  }

  /// The counters of every operation, in Prometheus text form.
  Result<Value> Metrics() const {
    mecha_result* result = nullptr;
    const mecha_status status = mecha_metrics_read(get(), &result);
    return Value::From(static_cast<Status>(status), Answer(result));
  }

  /// Asks a running operation to end; it still reports, once. `id` is from Operation or Event.
  /// kNotFound when it has ended already.
  Status Cancel(std::uint64_t id) noexcept {
    return static_cast<Status>(mecha_runtime_cancel(get(), id));
  }
  Status Cancel(const Operation& operation) noexcept { return Cancel(operation.id()); }

  /// Sends one real request to a component's back-end; blocks until it answers.
  Result<void> Ping(std::string_view component, const CallOptions& call = {}) {
    const detail::CallBlock block(call);
    mecha_result* result = nullptr;
    const mecha_status status =
        mecha_component_ping(get(), block.get(), ToView(component), &result);
    return Finish(status, result);
  }

  /// Adds a resource while the runtime runs, or replaces the one of its name: YAML documents of
  /// kind Subscription. One wrong document refuses all. Blocks until what can start has.
  Result<void> ApplyResources(std::string_view text, const CallOptions& call = {}) {
    const detail::CallBlock block(call);
    mecha_result* result = nullptr;
    const mecha_status status = mecha_resource_apply(get(), block.get(), ToView(text), &result);
    return Finish(status, result);
  }

  /// Takes a resource away while the runtime runs; blocks until it has ended. `kind` is
  /// "Subscription", `name` its metadata.name.
  Result<void> DeleteResource(std::string_view kind, std::string_view name,
                              const CallOptions& call = {}) {
    const detail::CallBlock block(call);
    mecha_result* result = nullptr;
    const mecha_status status =
        mecha_resource_delete(get(), block.get(), ToView(kind), ToView(name), &result);
    return Finish(status, result);
  }

  /// Moves the clock forward, for tests of time-outs and expiry. Unstable: not promised.
  Status AdvanceClock(std::chrono::nanoseconds by) noexcept {
    return static_cast<Status>(mecha_clock_advance(get(), by.count()));
  }

  /// A handle to a state store (state.hpp). An unknown name shows at the first call.
  State state(std::string_view name) const;
  /// A handle to a secret store (secretstores.hpp). An unknown name shows at the first call.
  Secrets secrets(std::string_view name) const;
  /// A handle to a pubsub component (pubsub.hpp). An unknown name shows at the first call.
  PubSub pubsub(std::string_view name) const;

  /// The C runtime, still owned by this object.
  mecha_runtime* get() const noexcept { return runtime_.get(); }

 private:
  /// RuntimeOptions in the form of the C function.
  class OpenBlock {
   public:
    explicit OpenBlock(const RuntimeOptions& options) {
      for (const std::string& path : options.resource_paths) paths_.push_back(ToView(path));
      for (const std::string& text : options.resource_texts) texts_.push_back(ToView(text));
      for (const Entry& entry : options.settings) {
        settings_.push_back(detail::ToKeyValue(entry));
      }
      block_.struct_size = sizeof(block_);
      block_.api_version = MECHA_API_VERSION;
      if (options.uses_environment) block_.flags |= MECHA_OPEN_USE_ENVIRONMENT;
      if (options.lends_threads) block_.flags |= MECHA_OPEN_HOST_THREADS;
      block_.app_id = ToOptionalView(options.app_id);
      block_.name_space = ToOptionalView(options.name_space);
      block_.resource_paths = paths_.data();
      block_.resource_path_count = paths_.size();
      block_.resource_texts = texts_.data();
      block_.resource_text_count = texts_.size();
      block_.settings = settings_.data();
      block_.setting_count = settings_.size();
      block_.thread_started = options.thread_started;
      block_.thread_stopping = options.thread_stopping;
      block_.user = options.user;
    }
    OpenBlock(const OpenBlock&) = delete;
    OpenBlock& operator=(const OpenBlock&) = delete;
    const mecha_runtime_options* get() const noexcept { return &block_; }

   private:
    mecha_runtime_options block_{};
    std::vector<mecha_view> paths_;
    std::vector<mecha_view> texts_;
    std::vector<mecha_kv> settings_;
  };

  explicit Runtime(mecha_runtime* opened) noexcept : runtime_(opened) {}

  static Result<void> Finish(mecha_status status, mecha_error* error) {
    if (status < 0) return Error(static_cast<Status>(status), error);
    return {};
  }

  static Result<void> Finish(mecha_status status, mecha_result* result) {
    Answer answer(result);
    if (status < 0) return Error(static_cast<Status>(status), std::move(answer));
    return {};
  }

  detail::Handle<mecha_runtime, mecha_runtime_free> runtime_;
};

}  // namespace v0
}  // namespace mecha

#endif  // MECHA_RUNTIME_HPP
