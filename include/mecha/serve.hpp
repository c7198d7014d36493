// SPDX-License-Identifier: Apache-2.0
// Inbound work: messages that this process handles. Serve registers what is served, a Queue brings
// the requests as events of kind MECHA_EVENT_REQUEST, and a Request reads and answers one.
// dispatcher.hpp has a loop that does all that with a function per registration.
//
// serve.h tells the rules; they are the same here.
#ifndef MECHA_SERVE_HPP
#define MECHA_SERVE_HPP

#include "queue.hpp"
#include "serve.h"

namespace mecha {
namespace v0 {

/// Which requests may be open side by side.
enum class Ordering : std::uint32_t {
  kNone = MECHA_ORDER_NONE,
  kPerKey = MECHA_ORDER_PER_KEY,  ///< one at a time for each ordering key
  kSerial = MECHA_ORDER_SERIAL    ///< one at a time
};

/// What is to become of a message.
enum class Verdict : std::uint32_t {
  kOk = MECHA_VERDICT_OK,        ///< handled
  kRetry = MECHA_VERDICT_RETRY,  ///< give it to somebody again, after a pause
  kDrop = MECHA_VERDICT_DROP     ///< never again: to the dead-letter topic if there is one
};

/// What to serve and how. Borrows its texts for the call it is given to. Make it with Topics, Paths
/// or Spec.
struct ServeOptions {
  std::uint32_t kind = MECHA_SERVE_TOPIC;  ///< or MECHA_SERVE_ROUTE
  std::string_view component{};            ///< the pubsub component of the topics
  std::vector<std::string_view> names{};   ///< topics, or paths: "/orders", "/orders/" + "*", "*"
  std::string_view spec{};                 ///< instead of component, names and settings
  std::uint64_t token = 0;                 ///< comes back with each request
  std::uint32_t credit = 0;                ///< how many requests may be open; 0 = 64
  bool is_paused = false;                  ///< begin without credit; see Registration::SetCredit
  Ordering ordering = Ordering::kNone;     ///< which requests may be open side by side
  bool is_batch = false;                   ///< requests hold several messages
  std::uint32_t batch_max = 0;             ///< messages per batch; 0 = 100
  std::chrono::nanoseconds batch_wait{0};  ///< how long one waits to fill; 0 = 1 s; <0 = not
  std::chrono::nanoseconds reply_timeout{0};  ///< then it is Verdict::kRetry; 0 = 60 s
  std::vector<Entry> settings{};              ///< TOPIC: the subscription's metadata

  /// Subscribes to topics of a pubsub component.
  static ServeOptions Topics(std::string_view component, std::vector<std::string_view> topics) {
    ServeOptions options;
    options.component = component;
    options.names = std::move(topics);
    return options;
  }
  /// Offers paths to the subscriptions that the resources declare.
  static ServeOptions Paths(std::vector<std::string_view> paths) {
    ServeOptions options;
    options.kind = MECHA_SERVE_ROUTE;
    options.names = std::move(paths);
    return options;
  }
  /// Subscribes as the spec of a v2alpha1 Subscription says, in YAML or JSON.
  static ServeOptions Spec(std::string_view spec) {
    ServeOptions options;
    options.spec = spec;
    return options;
  }
};

namespace detail {

/// ServeOptions in the form of the C functions. Lives on the stack during one call.
class ServeBlock {
 public:
  explicit ServeBlock(const ServeOptions& options)
      : names_(options.names.size()), settings_(options.settings.size()) {
    block_.struct_size = sizeof(block_);
    block_.kind = options.kind;
    block_.component = ToOptionalView(options.component);
    for (std::size_t i = 0; i < names_.size(); ++i) names_[i] = ToView(options.names[i]);
    block_.names = names_.data();
    block_.name_count = names_.size();
    for (std::size_t i = 0; i < settings_.size(); ++i) {
      settings_[i] = ToKeyValue(options.settings[i]);
    }
    block_.settings = settings_.data();
    block_.setting_count = settings_.size();
    block_.spec = ToOptionalView(options.spec);
    FillNumbers(options);
  }
  ServeBlock(const ServeBlock&) = delete;
  ServeBlock& operator=(const ServeBlock&) = delete;

  const mecha_serve_options* get() const noexcept { return &block_; }

 private:
  void FillNumbers(const ServeOptions& options) noexcept {
    block_.token = options.token;
    block_.credit = options.credit;
    if (options.is_batch) block_.flags |= MECHA_SERVE_BATCH;
    if (options.is_paused) block_.flags |= MECHA_SERVE_PAUSED;
    block_.ordering = static_cast<std::uint32_t>(options.ordering);
    block_.batch_max = options.batch_max;
    block_.batch_wait_ns = options.batch_wait.count();
    block_.reply_timeout_ns = options.reply_timeout.count();
  }

  mecha_serve_options block_{};
  SmallArray<mecha_view, 8> names_;
  SmallArray<mecha_kv, 4> settings_;
};

}  // namespace detail

/// Something that is served. Move-only; methods may be called from any thread. Destroying one that
/// is not stopped stops it without waiting for its handlers.
class Registration {
 public:
  /// None.
  Registration() = default;
  /// Takes over a C registration of `runtime`.
  Registration(mecha_runtime* runtime, mecha_registration* registration) noexcept
      : runtime_(runtime), registration_(registration) {}

  /// True when there is one.
  explicit operator bool() const noexcept { return registration_ != nullptr; }

  /// As Serve, reporting to `queue`, where its requests come, too: the event's status() says
  /// whether it is live. Fills this object, which holds none, unless it is refused at once.
  Event ServeAsync(const Runtime& runtime, const Queue& queue, const ServeOptions& options,
                   std::uint64_t token, const CallOptions& call = {}) {
    const detail::ServeBlock what(options);
    const detail::CallBlock how(call, queue.get(), token);
    mecha_registration* made = nullptr;
    mecha_result* result = nullptr;
    const mecha_status status =
        mecha_serve(runtime.get(), how.get(), queue.get(), what.get(), &made, &result);
    runtime_ = runtime.get();
    registration_.reset(made);
    return detail::Submitted(status, how, token, result);
  }

  /// Changes how many requests may be open. 0 pauses: nothing more comes, open ones stay open.
  Status SetCredit(std::uint32_t credit) noexcept {
    return static_cast<Status>(mecha_serve_credit(get(), credit));
  }

  /// Ends it; blocks until its handlers have answered, or to the call's timeout. The value is a
  /// report as JSON, which on kDeadlineExceeded is item 0 of the error's answer.
  Result<Value> Stop(const CallOptions& call = {}) {
    const detail::CallBlock block(call);
    mecha_result* result = nullptr;
    const mecha_status status = mecha_serve_stop(runtime_, block.get(), get(), &result);
    return Value::From(static_cast<Status>(status), Answer(result));
  }
  /// As Stop, reporting to `queue`: Take<Value>() its event.
  Event StopAsync(const Queue& queue, std::uint64_t token, const CallOptions& call = {}) {
    const detail::CallBlock block(call, queue.get(), token);
    mecha_result* result = nullptr;
    const mecha_status status = mecha_serve_stop(runtime_, block.get(), get(), &result);
    return detail::Submitted(status, block, token, result);
  }

  /// The C registration, still owned by this object.
  mecha_registration* get() const noexcept { return registration_.get(); }

 private:
  mecha_runtime* runtime_ = nullptr;
  detail::Handle<mecha_registration, mecha_registration_free> registration_;
};

/// Registers what this process serves; blocks until it is live. Requests come to `queue`, which
/// outlives the registration.
inline Result<Registration> Serve(const Runtime& runtime, const Queue& queue,
                                  const ServeOptions& options, const CallOptions& call = {}) {
  const detail::ServeBlock what(options);
  const detail::CallBlock how(call);
  mecha_registration* registration = nullptr;
  mecha_result* result = nullptr;
  const mecha_status status =
      mecha_serve(runtime.get(), how.get(), queue.get(), what.get(), &registration, &result);
  Answer answer(result);
  if (status < 0) return Error(static_cast<Status>(status), std::move(answer));
  return Registration(runtime.get(), registration);
}

/// What a request, or one entry of a batch, says of itself. Its texts live as long as the request.
struct RequestInfo {
  bool is_redelivered = false;            ///< `attempt` is above 1: somebody may have had it
  bool is_last_attempt = false;           ///< kRetry sends it to the dead-letter topic
  bool is_batch = false;                  ///< each item is a message of its own
  bool is_raw = false;                    ///< the body is what the broker holds: no envelope
  std::uint32_t attempt = 0;              ///< how often it was handed out, but for unseen returns
  std::chrono::nanoseconds remaining{0};  ///< until the reply timeout, when it was taken
  std::chrono::nanoseconds lease{0};      ///< how long the broker waits unrenewed; 0 = for ever
  /// When the broker took it; none: it does not tell.
  std::optional<std::chrono::system_clock::time_point> enqueued{};
  std::string_view component{};
  std::string_view topic{};
  std::string_view path{};  ///< the route that was matched
  std::string_view message_id{};
  std::string_view ordering_key{};
  std::string_view content_type{};
  std::string_view traceparent{};
  std::string_view tracestate{};
  std::string_view subscription{};  ///< its name; empty for a topic
};

/// The verdict on one entry of a batch.
struct EntryVerdict {
  std::size_t index = 0;
  Verdict verdict = Verdict::kOk;
  std::chrono::nanoseconds retry_after{0};  ///< of kRetry: the pause; 0 = the policy's
};

/// One request: what it holds, and its answer. Move-only; the runtime outlives it. One that is
/// destroyed without an answer has answered Verdict::kRetry.
class Request {
 public:
  /// None.
  Request() = default;
  /// Takes over an event of kind MECHA_EVENT_REQUEST; of another event it is none.
  Request(const Runtime& runtime, Event event) noexcept : Request(runtime.get(), event) {}
  Request(mecha_runtime* runtime, Event& event) noexcept {
    if (event.kind() != MECHA_EVENT_REQUEST) return;
    runtime_ = runtime;
    id_ = event.id();
    token_ = event.token();
    answer_ = event.TakeAnswer();
  }
  Request(Request&& other) noexcept { *this = std::move(other); }
  Request& operator=(Request&& other) noexcept {
    if (this == &other) return *this;
    GiveUp();
    runtime_ = std::exchange(other.runtime_, nullptr);
    id_ = std::exchange(other.id_, 0);
    token_ = other.token_;
    is_answered_ = other.is_answered_;
    answer_ = std::move(other.answer_);
    return *this;
  }
  ~Request() { GiveUp(); }

  /// True when there is a request, answered or not.
  explicit operator bool() const noexcept { return runtime_ != nullptr; }
  /// Names it; for CallOptions::within and the C functions.
  std::uint64_t id() const noexcept { return id_; }
  /// The token of its registration.
  std::uint64_t token() const noexcept { return token_; }
  /// How many messages: 1 unless it is a batch.
  std::size_t size() const noexcept { return answer_.size(); }
  /// The bytes of one message, as a view into this object.
  std::string_view body(std::size_t index = 0) const noexcept { return answer_.item(index).value; }
  /// True after an answer was given by this object.
  bool is_answered() const noexcept { return is_answered_; }

  /// What it says of itself; of an entry that is not there nothing.
  RequestInfo info(std::size_t index = 0) const noexcept {
    mecha_request_info read{};
    read.struct_size = sizeof(read);
    RequestInfo info;
    if (mecha_request_read(answer_.get(), index, &read) != MECHA_OK) return info;
    FillTexts(read, info);
    info.is_redelivered = (read.flags & MECHA_REQUEST_REDELIVERED) != 0;
    info.is_last_attempt = (read.flags & MECHA_REQUEST_LAST_ATTEMPT) != 0;
    info.is_batch = (read.flags & MECHA_REQUEST_BATCH) != 0;
    info.is_raw = (read.flags & MECHA_REQUEST_RAW) != 0;
    info.attempt = read.attempt;
    info.remaining = std::chrono::nanoseconds(read.remaining_ns);
    info.lease = std::chrono::nanoseconds(read.lease_ns);
    if (read.enqueued_unix_ms != 0) {
      info.enqueued =
          std::chrono::system_clock::time_point(std::chrono::milliseconds(read.enqueued_unix_ms));
    }
    return info;
  }

  /// Metadata entry `which` in order; none past the last.
  std::optional<Entry> Metadata(std::size_t which, std::size_t index = 0) const noexcept {
    mecha_kv entry{};
    if (mecha_request_metadata(answer_.get(), index, which, &entry) != MECHA_OK) {
      return std::nullopt;
    }
    return Entry{ToText(entry.key), ToText(entry.value)};
  }
  /// The first metadata entry of that name ("cloudevent.type"); none when there is none.
  std::optional<std::string_view> Find(std::string_view name,
                                       std::size_t index = 0) const noexcept {
    for (std::size_t which = 0;; ++which) {
      const std::optional<Entry> entry = Metadata(which, index);
      if (!entry) return std::nullopt;
      if (entry->key == name) return entry->value;
    }
  }

  /// kOk while it may be answered; kCancelled when it was taken back: stop working on it; kGone
  /// when it was answered.
  Status Check() const noexcept {
    return static_cast<Status>(mecha_request_cancelled(runtime_, id_));
  }
  /// Gives it more time: the reply timeout does not come before `by` from now.
  Status Extend(std::chrono::nanoseconds by) noexcept {
    return static_cast<Status>(mecha_request_extend(runtime_, id_, by.count()));
  }
  /// `call` as one on behalf of this request: it runs during a drain, and ends with the request.
  CallOptions Within(CallOptions call = {}) const {
    call.within = id_;
    return call;
  }

  /// Answers all of it. kGone: the answer is too late, and the message may come again.
  Status Reply(Verdict verdict, std::chrono::nanoseconds retry_after = {}) noexcept {
    mecha_reply reply{};
    reply.struct_size = sizeof(reply);
    reply.verdict = static_cast<std::uint32_t>(verdict);
    reply.retry_after_ns = retry_after.count();
    return Send(reply);
  }
  /// Answers a batch message by message; those that are missing are kRetry.
  Status ReplyEach(Span<EntryVerdict> verdicts) {
    detail::SmallArray<mecha_entry_verdict, 16> entries(verdicts.size());
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
      entries[i].index = static_cast<std::uint32_t>(verdicts[i].index);
      entries[i].verdict = static_cast<std::uint32_t>(verdicts[i].verdict);
      entries[i].retry_after_ns = verdicts[i].retry_after.count();
    }
    mecha_reply reply{};
    reply.struct_size = sizeof(reply);
    reply.verdict = MECHA_VERDICT_RETRY;
    reply.entries = entries.data();
    reply.entry_count = entries.size();
    return Send(reply);
  }

  /// What came, untyped.
  const Answer& answer() const noexcept { return answer_; }

 private:
  static void FillTexts(const mecha_request_info& from, RequestInfo& info) noexcept {
    info.component = ToText(from.component);
    info.topic = ToText(from.topic);
    info.path = ToText(from.path);
    info.message_id = ToText(from.message_id);
    info.ordering_key = ToText(from.ordering_key);
    info.content_type = ToText(from.content_type);
    info.traceparent = ToText(from.traceparent);
    info.tracestate = ToText(from.tracestate);
    info.subscription = ToText(from.subscription);
  }
  // A mistake in the arguments leaves it open, so that it may be answered better.
  Status Send(const mecha_reply& reply) noexcept {
    const auto status = static_cast<Status>(mecha_request_reply(runtime_, id_, &reply));
    is_answered_ = is_answered_ || status == Status::kOk || status == Status::kGone;
    return status;
  }
  void GiveUp() noexcept {
    if (runtime_ != nullptr && !is_answered_) Reply(Verdict::kRetry);
  }

  mecha_runtime* runtime_ = nullptr;
  std::uint64_t id_ = 0;
  std::uint64_t token_ = 0;
  bool is_answered_ = false;
  Answer answer_;
};

}  // namespace v0
}  // namespace mecha

#endif  // MECHA_SERVE_HPP
