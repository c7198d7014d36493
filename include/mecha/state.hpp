// SPDX-License-Identifier: Apache-2.0
// State: keys and values in a store that the resources name, by State, a handle to one store.
// state.h tells what etags, first-write and transactions mean; they mean the same here.
//
// Every verb has two forms: Get blocks and returns a Result; GetAsync reports to a Queue and
// returns an Event that is pending, or over already (submitting failed, or may_finish_inline).
#ifndef MECHA_STATE_HPP
#define MECHA_STATE_HPP

#include <thread>

#include "queue.hpp"
#include "state.h"
#include "update.hpp"

namespace mecha {
namespace v0 {

/// How fresh a read must be, and how widely a write must have spread.
enum class Consistency : std::uint32_t {
  kDefault = MECHA_STATE_CONSISTENCY_DEFAULT,
  kEventual = MECHA_STATE_EVENTUAL,
  kStrong = MECHA_STATE_STRONG
};

/// A time to live that never ends, also where the component has a default.
inline constexpr std::chrono::milliseconds kNeverExpires{-1};

/// The content type of values stored as JSON; they must be JSON.
inline constexpr std::string_view kJson = "application/json";

/// How to read.
struct GetOptions {
  Consistency consistency = Consistency::kDefault;
};

/// How to set.
struct SetOptions {
  std::string_view etag{};           ///< write only over this version (with is_first_write)
  bool is_first_write = false;       ///< with an etag: it must match; without: key must be absent
  std::string_view content_type{};   ///< kJson, or anything else for bytes
  std::chrono::milliseconds ttl{0};  ///< 0 = the component's default; kNeverExpires; else this long
  Consistency consistency = Consistency::kDefault;
};

/// How to delete.
struct DeleteOptions {
  std::string_view etag{};      ///< delete only this version (with is_first_write)
  bool is_first_write = false;  ///< the etag, if given, must match
  Consistency consistency = Consistency::kDefault;
};

/// How to apply several writes.
struct ApplyOptions {
  bool is_atomic = true;  ///< one transaction, all or nothing; else each write by itself
  Consistency consistency = Consistency::kDefault;
};

/// Which page of a list to read.
struct ListOptions {
  std::uint32_t limit = 0;  ///< keys per page at most; 0 = 100, more than 1000 reads as 1000
  std::string_view page{};  ///< Page::next of the page before; empty for the first
};

/// Which page of a query to read.
struct QueryOptions {
  std::uint32_t limit = 0;  ///< values per page at most; 0 = the query's own or 100; at most 1000
  std::string_view page{};  ///< Matches::next of the page before; empty for the first
};

/// One write of State::Apply. Borrows its texts. Make it with Set or Delete.
struct Write {
  bool is_delete = false;
  std::string_view key{};
  std::string_view value{};
  std::string_view etag{};
  bool is_first_write = false;
  std::string_view content_type{};
  std::chrono::milliseconds ttl{0};
  Span<Entry> metadata{};  ///< borrowed: keep the entries in a variable

  /// Sets `key`; the consistency of `options` is ignored, ApplyOptions has it.
  static Write Set(std::string_view key, std::string_view value, const SetOptions& options = {}) {
    Write write;
    write.key = key;
    write.value = value;
    write.etag = options.etag;
    write.is_first_write = options.is_first_write;
    write.content_type = options.content_type;
    write.ttl = options.ttl;
    return write;
  }
  /// Deletes `key`; the consistency of `options` is ignored, ApplyOptions has it.
  static Write Delete(std::string_view key, const DeleteOptions& options = {}) {
    Write write;
    write.is_delete = true;
    write.key = key;
    write.etag = options.etag;
    write.is_first_write = options.is_first_write;
    return write;
  }
};

/// Several values, one per key asked for and in that order.
class Values {
 public:
  explicit Values(Answer answer) noexcept : answer_(std::move(answer)) {}

  /// Some keys may have failed: then the status is kPartial and ok() is true.
  static Result<Values> From(Status status, Answer answer) {
    if (IsFailure(status)) return Error(status, std::move(answer));
    return Result<Values>(Values(std::move(answer)), status);
  }

  /// How many keys were asked for.
  std::size_t size() const noexcept { return answer_.size(); }
  /// Key `index`: status kOk, kNotFound for an absent key, or why it failed.
  Item operator[](std::size_t index) const noexcept { return answer_.item(index); }
  /// Why key `index` failed, for a person.
  std::string_view Message(std::size_t index) const noexcept { return answer_.ItemMessage(index); }

 private:
  Answer answer_;
};

/// What a write of one key returned.
class Written {
 public:
  explicit Written(Answer answer) noexcept : answer_(std::move(answer)) {}

  static Result<Written> From(Status status, Answer answer) {
    if (IsFailure(status)) return Error(status, std::move(answer));
    return Result<Written>(Written(std::move(answer)), status);
  }

  /// Names the version that was written; empty after a delete. Lives as long as this object.
  std::string_view etag() const noexcept { return answer_.item(0).etag; }
  /// The answer it reads from.
  const Answer& answer() const noexcept { return answer_; }

 private:
  Answer answer_;
};

/// What several writes returned, one item per write and in that order.
class Outcomes {
 public:
  explicit Outcomes(Answer answer) noexcept : answer_(std::move(answer)) {}

  /// A failed transaction is an Error; its answer() has the items. Independent writes of which some
  /// failed have the status kPartial, and ok() is true.
  static Result<Outcomes> From(Status status, Answer answer) {
    if (IsFailure(status)) return Error(status, std::move(answer));
    return Result<Outcomes>(Outcomes(std::move(answer)), status);
  }

  std::size_t size() const noexcept { return answer_.size(); }
  /// Write `index`: its status and new etag.
  Item operator[](std::size_t index) const noexcept { return answer_.item(index); }
  /// Why write `index` failed, for a person.
  std::string_view Message(std::size_t index) const noexcept { return answer_.ItemMessage(index); }

 private:
  Answer answer_;
};

/// One page of keys. Views into it live as long as it does.
class Page {
 public:
  explicit Page(Answer answer) noexcept : answer_(std::move(answer)) {}

  static Result<Page> From(Status status, Answer answer) {
    if (IsFailure(status)) return Error(status, std::move(answer));
    return Result<Page>(Page(std::move(answer)), status);
  }

  /// How many keys are on this page; 0 does not mean that it is the last.
  std::size_t size() const noexcept { return answer_.size(); }
  std::string_view operator[](std::size_t index) const noexcept { return answer_.item(index).key; }
  /// Give it as ListOptions::page to read on; empty on the last page.
  std::string_view next() const noexcept { return answer_.page(); }

 private:
  Answer answer_;
};

/// One page of the values that a query found, in the order asked for. Views into it live as long as
/// it does.
class Matches {
 public:
  explicit Matches(Answer answer) noexcept : answer_(std::move(answer)) {}

  static Result<Matches> From(Status status, Answer answer) {
    if (IsFailure(status)) return Error(status, std::move(answer));
    return Result<Matches>(Matches(std::move(answer)), status);
  }

  /// How many are on this page; 0 does not mean that it is the last.
  std::size_t size() const noexcept { return answer_.size(); }
  /// Value `index` with its key and etag.
  Item operator[](std::size_t index) const noexcept { return answer_.item(index); }
  /// Give it as QueryOptions::page to read on; empty on the last page.
  std::string_view next() const noexcept { return answer_.page(); }

 private:
  Answer answer_;
};

class KeyCursor;

/// A cheap, copyable handle to one state store of a runtime. Methods may be called from any thread.
/// An unknown store shows at the first call, as an Error that lists those loaded.
class State {
 public:
  /// As Runtime::state. `runtime` outlives this object and its copies.
  State(const Runtime& runtime, std::string_view name) : runtime_(runtime.get()), name_(name) {}

  /// The store's name.
  const std::string& name() const noexcept { return name_; }

  /// Reads one key; blocks. An absent key is ok() with a Value that is not found.
  Result<Value> Get(std::string_view key, const GetOptions& options = {},
                    const CallOptions& call = {}) const {
    const detail::CallBlock block(call);
    mecha_result* result = nullptr;
    const mecha_status status = CallGet(block, key, options, &result);
    return Value::From(static_cast<Status>(status), Answer(result));
  }
  /// As Get, reporting to `queue`: Take<Value>() its event.
  Event GetAsync(const Queue& queue, std::uint64_t token, std::string_view key,
                 const GetOptions& options = {}, const CallOptions& call = {}) const {
    const detail::CallBlock block(call, queue.get(), token);
    mecha_result* result = nullptr;
    const mecha_status status = CallGet(block, key, options, &result);
    return detail::Submitted(status, block, token, result);
  }

  /// Reads several keys; blocks. Value i belongs to key i; absent ones have status kNotFound.
  Result<Values> GetMany(Span<std::string_view> keys, const GetOptions& options = {},
                         const CallOptions& call = {}) const {
    detail::CallBlock block(call);
    mecha_result* result = nullptr;
    const mecha_status status = CallGetMany(block, keys, options, &result);
    return Values::From(static_cast<Status>(status), Answer(result));
  }
  /// As GetMany, reporting to `queue`: Take<Values>() its event.
  Event GetManyAsync(const Queue& queue, std::uint64_t token, Span<std::string_view> keys,
                     const GetOptions& options = {}, const CallOptions& call = {}) const {
    detail::CallBlock block(call, queue.get(), token);
    mecha_result* result = nullptr;
    const mecha_status status = CallGetMany(block, keys, options, &result);
    return detail::Submitted(status, block, token, result);
  }

  /// Writes one key; blocks. kAborted when an etag did not match, or the key exists already.
  Result<Written> Set(std::string_view key, std::string_view value, const SetOptions& options = {},
                      const CallOptions& call = {}) const {
    const detail::CallBlock block(call);
    mecha_result* result = nullptr;
    const mecha_status status = CallSet(block, key, value, options, &result);
    return Written::From(static_cast<Status>(status), Answer(result));
  }
  /// As Set, reporting to `queue`: Take<Written>() its event.
  Event SetAsync(const Queue& queue, std::uint64_t token, const Write& write,
                 const CallOptions& call = {}) const {
    const detail::CallBlock block(call, queue.get(), token);
    SetOptions options;
    options.etag = write.etag;
    options.is_first_write = write.is_first_write;
    options.content_type = write.content_type;
    options.ttl = write.ttl;
    mecha_result* result = nullptr;
    const mecha_status status = CallSet(block, write.key, write.value, options, &result);
    return detail::Submitted(status, block, token, result);
  }

  /// Deletes one key; blocks. An absent key is success, unless an etag was to match.
  Result<Written> Delete(std::string_view key, const DeleteOptions& options = {},
                         const CallOptions& call = {}) const {
    const detail::CallBlock block(call);
    mecha_result* result = nullptr;
    const mecha_status status = CallDelete(block, key, options, &result);
    return Written::From(static_cast<Status>(status), Answer(result));
  }
  /// As Delete, reporting to `queue`: Take<Written>() its event.
  Event DeleteAsync(const Queue& queue, std::uint64_t token, std::string_view key,
                    const DeleteOptions& options = {}, const CallOptions& call = {}) const {
    const detail::CallBlock block(call, queue.get(), token);
    mecha_result* result = nullptr;
    const mecha_status status = CallDelete(block, key, options, &result);
    return detail::Submitted(status, block, token, result);
  }

  /// Applies several writes, as one transaction unless options say otherwise; blocks. In a failed
  /// transaction nothing was written: the error's detail `index` names the write at fault.
  Result<Outcomes> Apply(Span<Write> writes, const ApplyOptions& options = {},
                         const CallOptions& call = {}) const {
    detail::CallBlock block(call);
    mecha_result* result = nullptr;
    const mecha_status status = CallApply(block, writes, options, &result);
    return Outcomes::From(static_cast<Status>(status), Answer(result));
  }
  /// As Apply, reporting to `queue`: Take<Outcomes>() its event.
  Event ApplyAsync(const Queue& queue, std::uint64_t token, Span<Write> writes,
                   const ApplyOptions& options = {}, const CallOptions& call = {}) const {
    detail::CallBlock block(call, queue.get(), token);
    mecha_result* result = nullptr;
    const mecha_status status = CallApply(block, writes, options, &result);
    return detail::Submitted(status, block, token, result);
  }

  /// Reads one page of the keys that start with `prefix`, in no promised order; blocks.
  Result<Page> List(std::string_view prefix = {}, const ListOptions& options = {},
                    const CallOptions& call = {}) const {
    const detail::CallBlock block(call);
    mecha_result* result = nullptr;
    const mecha_status status = CallList(block, prefix, options, &result);
    return Page::From(static_cast<Status>(status), Answer(result));
  }
  /// As List, reporting to `queue`: Take<Page>() its event.
  Event ListAsync(const Queue& queue, std::uint64_t token, std::string_view prefix,
                  const ListOptions& options = {}, const CallOptions& call = {}) const {
    const detail::CallBlock block(call, queue.get(), token);
    mecha_result* result = nullptr;
    const mecha_status status = CallList(block, prefix, options, &result);
    return detail::Submitted(status, block, token, result);
  }

  /// Finds values by what their JSON holds, one page of them; blocks. `query` is Dapr's JSON with
  /// filter, sort and page: docs/query.md. kUnimplemented when the store cannot search.
  Result<Matches> Query(std::string_view query, const QueryOptions& options = {},
                        const CallOptions& call = {}) const {
    const detail::CallBlock block(call);
    mecha_result* result = nullptr;
    const mecha_status status = CallQuery(block, query, options, &result);
    return Matches::From(static_cast<Status>(status), Answer(result));
  }
  /// As Query, reporting to `queue`: Take<Matches>() its event.
  Event QueryAsync(const Queue& queue, std::uint64_t token, std::string_view query,
                   const QueryOptions& options = {}, const CallOptions& call = {}) const {
    const detail::CallBlock block(call, queue.get(), token);
    mecha_result* result = nullptr;
    const mecha_status status = CallQuery(block, query, options, &result);
    return detail::Submitted(status, block, token, result);
  }

  /// All keys that start with `prefix`, page after page; see KeyCursor.
  KeyCursor Keys(std::string_view prefix = {}) const;

  /// Reads a key, lets `change` make a new value of it, and writes that if nobody else wrote in
  /// between; otherwise pauses for a growing random time and starts over. So `change` may be called
  /// several times: it should do nothing but compute.
  ///
  /// `change` takes std::optional<std::string_view> (none: the key is absent) and returns what
  /// converts to Change: a text to store, Change::Keep() or Change::Delete().
  ///
  /// Blocks until it is written or `call.timeout` (60 s by default) has passed: kDeadlineExceeded.
  /// A failure that may have been applied is returned, not tried again. Of `call`, `operation`
  /// names the try that is running; interrupted is asked during tries, not during pauses.
  template <class Function>
  Result<Written> Update(std::string_view key, Function&& change, const UpdateOptions& options = {},
                         const CallOptions& call = {}) const {
    const detail::TimeLeft left(call.timeout);
    detail::Backoff backoff(options.first_pause, options.longest_pause);
    CallOptions step = call;
    while (true) {
      step.timeout = left.timeout();
      Result<Value> current = Get(key, {}, step);
      if (!current.ok()) return std::move(current).error();
      std::optional<std::string_view> text;
      if (current->found()) text = current->bytes();
      const Change wanted(change(text));
      step.timeout = left.timeout();
      Result<Written> written = Replace(key, *current, wanted, options, step);
      if (written.status() != Status::kAborted || written.error().maybe_applied()) return written;
      const std::chrono::nanoseconds pause = backoff.Next();
      if (!left.Covers(pause)) {
        return Error(Status::kDeadlineExceeded,
                     "Update: others kept changing the key until the deadline; not written");
      }
      std::this_thread::sleep_for(pause);
    }
  }

 private:
  mecha_status CallGet(const detail::CallBlock& call, std::string_view key,
                       const GetOptions& options, mecha_result** out) const noexcept {
    mecha_state_get_options block{};
    block.struct_size = sizeof(block);
    block.consistency = static_cast<std::uint32_t>(options.consistency);
    return mecha_state_get(runtime_, call.get(), ToView(name_), ToView(key), &block, out);
  }

  mecha_status CallGetMany(detail::CallBlock& call, Span<std::string_view> keys,
                           const GetOptions& options, mecha_result** out) const {
    call.CopyInputs();
    mecha_state_get_options block{};
    block.struct_size = sizeof(block);
    block.consistency = static_cast<std::uint32_t>(options.consistency);
    detail::SmallArray<mecha_view, 16> views(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) views[i] = ToView(keys[i]);
    return mecha_state_get_many(runtime_, call.get(), ToView(name_), views.data(), views.size(),
                                &block, out);
  }

  mecha_status CallSet(const detail::CallBlock& call, std::string_view key, std::string_view value,
                       const SetOptions& options, mecha_result** out) const noexcept {
    mecha_state_set_options block{};
    block.struct_size = sizeof(block);
    if (options.is_first_write) block.flags |= MECHA_STATE_FIRST_WRITE;
    block.consistency = static_cast<std::uint32_t>(options.consistency);
    block.etag = ToOptionalView(options.etag);
    block.content_type = ToOptionalView(options.content_type);
    block.ttl_ms = options.ttl.count();
    return mecha_state_set(runtime_, call.get(), ToView(name_), ToView(key), ToBuffer(value),
                           &block, out);
  }

  mecha_status CallDelete(const detail::CallBlock& call, std::string_view key,
                          const DeleteOptions& options, mecha_result** out) const noexcept {
    mecha_state_delete_options block{};
    block.struct_size = sizeof(block);
    if (options.is_first_write) block.flags |= MECHA_STATE_FIRST_WRITE;
    block.consistency = static_cast<std::uint32_t>(options.consistency);
    block.etag = ToOptionalView(options.etag);
    return mecha_state_delete(runtime_, call.get(), ToView(name_), ToView(key), &block, out);
  }

  mecha_status CallApply(detail::CallBlock& call, Span<Write> writes, const ApplyOptions& options,
                         mecha_result** out) const {
    call.CopyInputs();
    mecha_state_apply_options block{};
    block.struct_size = sizeof(block);
    block.atomic = options.is_atomic ? 1 : 0;
    block.consistency = static_cast<std::uint32_t>(options.consistency);
    std::size_t entries = 0;
    for (const Write& write : writes) entries += write.metadata.size();
    detail::SmallArray<mecha_kv, 4> metadata(entries);
    detail::SmallArray<mecha_state_op, 8> ops(writes.size());
    mecha_kv* next = metadata.data();
    for (std::size_t i = 0; i < writes.size(); ++i) {
      ops[i] = ToOp(writes[i]);
      ops[i].metadata = next;
      for (const Entry& entry : writes[i].metadata) *next++ = detail::ToKeyValue(entry);
    }
    return mecha_state_apply(runtime_, call.get(), ToView(name_), ops.data(), ops.size(), &block,
                             out);
  }

  mecha_status CallList(const detail::CallBlock& call, std::string_view prefix,
                        const ListOptions& options, mecha_result** out) const noexcept {
    mecha_state_list_options block{};
    block.struct_size = sizeof(block);
    block.limit = options.limit;
    block.page = ToOptionalView(options.page);
    return mecha_state_list(runtime_, call.get(), ToView(name_), ToView(prefix), &block, out);
  }

  mecha_status CallQuery(const detail::CallBlock& call, std::string_view query,
                         const QueryOptions& options, mecha_result** out) const noexcept {
    mecha_state_query_options block{};
    block.struct_size = sizeof(block);
    block.limit = options.limit;
    block.page = ToOptionalView(options.page);
    return mecha_state_query(runtime_, call.get(), ToView(name_), ToView(query), &block, out);
  }

  /// The second half of Update: writes `wanted` if the key is still as `current` says.
  Result<Written> Replace(std::string_view key, const Value& current, const Change& wanted,
                          const UpdateOptions& options, const CallOptions& call) const {
    const bool has_nothing_to_do = wanted.kind() == Change::Kind::kKeep ||
                                   (wanted.kind() == Change::Kind::kDelete && !current.found());
    if (has_nothing_to_do) return Written(current.answer().Share());
    if (wanted.kind() == Change::Kind::kDelete) {
      DeleteOptions remove;
      remove.etag = current.etag();
      remove.is_first_write = true;
      return Delete(key, remove, call);
    }
    SetOptions set;
    set.etag = current.etag();
    set.is_first_write = true;
    set.content_type = options.content_type;
    set.ttl = options.ttl;
    return Set(key, wanted.value(), set, call);
  }

  static mecha_buf ToBuffer(std::string_view value) noexcept {
    const mecha_view view = ToView(value);
    return {view.data, view.size, nullptr, nullptr};
  }

  static mecha_state_op ToOp(const Write& write) noexcept {
    mecha_state_op op{};
    op.kind = write.is_delete ? MECHA_STATE_DELETE : MECHA_STATE_SET;
    if (write.is_first_write) op.flags |= MECHA_STATE_FIRST_WRITE;
    op.key = ToView(write.key);
    if (!write.is_delete) op.value = ToBuffer(write.value);
    op.etag = ToOptionalView(write.etag);
    op.content_type = ToOptionalView(write.content_type);
    op.ttl_ms = write.ttl.count();
    op.metadata_count = write.metadata.size();
    return op;
  }

  mecha_runtime* runtime_;
  std::string name_;
};

/// Walks over all keys with a prefix, a page at a time:
///
///     auto keys = orders.Keys("order-");
///     while (keys.Next()) Use(keys.key());
///     if (!keys.ok()) Report(keys.error());
///
/// Keys written meanwhile may show or not, and one may show twice. Next blocks at a page's end.
class KeyCursor {
 public:
  KeyCursor(State state, std::string_view prefix, CallOptions call = {}, std::uint32_t limit = 0)
      : state_(std::move(state)), prefix_(prefix), call_(std::move(call)), limit_(limit) {}

  /// Goes to the next key; false after the last one and on a failure.
  bool Next() {
    while (++index_ >= (page_ ? page_->size() : 0)) {
      if (!TurnPage()) return false;
    }
    return true;
  }
  /// The key, until the next call of Next.
  std::string_view key() const noexcept { return (*page_)[index_]; }
  /// False when a page could not be read.
  bool ok() const noexcept { return !failure_.has_value(); }
  /// Why. Only when ok() is false.
  const Error& error() const { return *failure_; }

 private:
  bool TurnPage() {
    if (failure_ || (page_ && page_->next().empty())) {
      index_ = page_ ? page_->size() : 0;
      return false;
    }
    ListOptions options;
    options.limit = limit_;
    if (page_) options.page = page_->next();
    Result<Page> turned = state_.List(prefix_, options, call_);
    if (!turned.ok()) {
      failure_.emplace(std::move(turned).error());
      return false;
    }
    page_.emplace(std::move(turned).value());
    index_ = static_cast<std::size_t>(-1);
    return true;
  }

  State state_;
  std::string prefix_;
  CallOptions call_;
  std::uint32_t limit_;
  std::optional<Page> page_;
  std::optional<Error> failure_;
  std::size_t index_ = static_cast<std::size_t>(-1);
};

inline State Runtime::state(std::string_view name) const { return State(*this, name); }
inline KeyCursor State::Keys(std::string_view prefix) const { return KeyCursor(*this, prefix); }

}  // namespace v0
}  // namespace mecha

#endif  // MECHA_STATE_HPP
