// SPDX-License-Identifier: Apache-2.0
// Dispatcher: a function per registration, and threads that call them. Not part of mecha.hpp: it
// brings <functional> and <thread>.
//
//     mecha::Dispatcher dispatcher(runtime, std::move(queue));
//     dispatcher.Serve(mecha::ServeOptions::Topics("messages", {"orders"}),
//                      [](mecha::Request& request) { ...; return mecha::Verdict::kOk; });
//     dispatcher.Start(4);
#ifndef MECHA_DISPATCHER_HPP
#define MECHA_DISPATCHER_HPP

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "serve.hpp"

namespace mecha {
namespace v0 {

/// Handlers for the requests of one poll queue, and the loops that run them. Methods may be called
/// from any thread. Destroying it ends the loops after the handlers they are in, then the
/// registrations; messages that no handler has go back to the broker.
class Dispatcher {
 public:
  /// Handles a request. What it returns is the answer, unless it has answered by itself
  /// (Request::ReplyEach) or has moved the request away to answer it later. When it throws, the
  /// answer is Verdict::kRetry.
  using Handler = std::function<Verdict(Request& request)>;
  /// Takes an event that is no request.
  using EventHandler = std::function<void(Event event)>;

  /// `runtime` outlives this object. `on_event` may be empty: then such events are dropped.
  Dispatcher(const Runtime& runtime, Queue queue, EventHandler on_event = {})
      : runtime_(runtime), queue_(std::move(queue)), on_event_(std::move(on_event)) {}
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;
  ~Dispatcher() {
    Stop();
    Join();
  }

  /// Registers what is served by `handler`, which several threads may call at once; blocks until it
  /// is live. The value names it, for SetCredit and End. options.token is not used.
  Result<std::uint64_t> Serve(ServeOptions options, Handler handler, const CallOptions& call = {}) {
    options.token = next_token_.fetch_add(1, std::memory_order_relaxed);
    Put(options.token, std::move(handler));  // requests may come before the call has returned
    Result<Registration> registration = v0::Serve(runtime_, queue_, options, call);
    if (!registration.ok()) {
      Forget(options.token);
      return std::move(registration).error();
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    entries_[options.token].registration =
        std::make_shared<Registration>(std::move(registration).value());
    return options.token;
  }

  /// As Registration::SetCredit; kNotFound when it is not served.
  Status SetCredit(std::uint64_t served, std::uint32_t credit) {
    const std::shared_ptr<Registration> registration = Find(served).registration;
    return registration ? registration->SetCredit(credit) : Status::kNotFound;
  }

  /// Ends one registration; blocks until its handlers have answered, or to the call's timeout. The
  /// value is the report of Registration::Stop. Not from a handler of its own.
  Result<Value> End(std::uint64_t served, const CallOptions& call = {}) {
    const std::shared_ptr<Registration> registration = Find(served).registration;
    if (!registration) return Error(Status::kNotFound, "nothing of that number is served");
    Result<Value> report = registration->Stop(call);
    Forget(served);
    return report;
  }

  /// Starts threads that run the handlers.
  void Start(std::size_t threads) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
  }

  /// Runs handlers on this thread until Stop (kOk) or until the queue is closed (kClosed).
  Status Run() {
    while (!is_stopping_.load(std::memory_order_acquire)) {
      Result<Event> event = queue_.Next(std::chrono::nanoseconds(-1));
      if (!event.ok()) return event.status();
      if (*event) Handle(std::move(event).value());
    }
    queue_.Wake();  // the next loop on this queue
    return Status::kOk;
  }

  /// Handles one event of the queue, for loops of one's own.
  void Handle(Event event) {
    if (event.kind() != MECHA_EVENT_REQUEST) {
      if (on_event_) on_event_(std::move(event));
      return;
    }
    Request request(runtime_, std::move(event));
    const std::shared_ptr<Handler> handler = Find(request.token()).handler;
    if (!handler) return;  // its end answers RETRY
    const Verdict verdict = Call(*handler, request);
    if (request && !request.is_answered()) request.Reply(verdict);
  }

  /// Ends every loop after the handler it is in. From any thread, a handler's too.
  void Stop() noexcept {
    is_stopping_.store(true, std::memory_order_release);
    queue_.Wake();
  }

  /// The queue, for asynchronous calls of the handlers.
  Queue& queue() noexcept { return queue_; }

 private:
  struct Served {
    std::shared_ptr<Handler> handler;
    std::shared_ptr<Registration> registration;  // set once it is live
  };

  static Verdict Call(const Handler& handler, Request& request) {
#ifdef __cpp_exceptions
    try {
      return handler(request);
    } catch (...) {
      return Verdict::kRetry;
    }
#else
    return handler(request);
#endif
  }

  void Put(std::uint64_t token, Handler handler) {
    const std::lock_guard<std::mutex> lock(mutex_);
    entries_[token].handler = std::make_shared<Handler>(std::move(handler));
  }
  Served Find(std::uint64_t token) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = entries_.find(token);
    return found == entries_.end() ? Served() : found->second;
  }
  void Forget(std::uint64_t token) {
    Served gone;  // freed without the lock
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = entries_.find(token);
    if (found == entries_.end()) return;
    gone = std::move(found->second);
    entries_.erase(found);
  }
  void Join() {
    std::vector<std::thread> threads;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      threads.swap(threads_);
    }
    for (std::thread& thread : threads) thread.join();
  }

  const Runtime& runtime_;
  Queue queue_;  // outlives the registrations
  EventHandler on_event_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<std::uint64_t> next_token_{1};
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, Served> entries_;
  std::vector<std::thread> threads_;
};

}  // namespace v0
}  // namespace mecha

#endif  // MECHA_DISPATCHER_HPP
