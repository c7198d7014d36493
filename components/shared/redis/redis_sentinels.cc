// SPDX-License-Identifier: Apache-2.0
#include "redis/redis_sentinels.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "redis/redis_connection.h"
#include "redis/redis_error.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha::components {
namespace {

int64_t Ticks(SteadyTime time) { return time.time_since_epoch().count(); }

// What one of several sentinels is to be reached with.
RedisOptions OptionsOf(const RedisOptions& options, const HostAddress& sentinel) {
  RedisOptions its = options;
  its.address = sentinel;
  its.finder = nullptr;
  its.role = RedisOptions::Role::kSentinel;
  its.username = options.sentinel_username;
  its.password = options.sentinel_password;
  its.database = 0;
  return its;
}

// The address that a sentinel's reply names.
StatusOr<HostAddress> ReadPlace(const Reply& reply) {
  HostAddress place;
  if (reply.is_array() && reply.items.size() == 2) {
    const std::string_view port = reply.items[1].text();
    const auto parsed = std::from_chars(port.data(), port.data() + port.size(), place.port);
    place.host = reply.items[0].text();
    if (parsed.ec == std::errc() && place.port != 0 && !place.host.empty()) {
      return place;
    }
  }
  return Status(StatusCode::kDataLoss, "answered the question for the master with something else");
}

// What nobody knew, in the words of each; with the code that all have in common.
class Refusals {
 public:
  void Add(const HostAddress& sentinel, const Status& status) {
    code_ = words_.empty() || code_ == status.code() ? status.code() : StatusCode::kUnavailable;
    words_ += words_.empty() ? "" : "; ";
    words_ += "sentinel " + sentinel.Text() + ": " + std::string(status.message());
  }
  Status Take(std::string_view name) && {
    return Status(code_, "ask for " + std::string(name) + ": " + words_);
  }

 private:
  StatusCode code_ = StatusCode::kUnavailable;
  std::string words_;
};

}  // namespace

RedisSentinels::Sentinel::Sentinel(Host& host, RedisOptions its_options)
    : options(std::move(its_options)), dialer(host, options, [this, &host] {
        return std::make_unique<RedisConnection>(host, options);
      }) {}

RedisSentinels::RedisSentinels(Host& host, const RedisOptions& options)
    : host_(host), options_(options) {
  for (const HostAddress& sentinel : options.sentinels) {
    sentinels_.push_back(std::make_shared<Sentinel>(host, OptionsOf(options, sentinel)));
  }
}

RedisSentinels::~RedisSentinels() {
  options_.Wipe();
  for (const std::shared_ptr<Sentinel>& sentinel : sentinels_) {
    sentinel->options.Wipe();
  }
}

std::string RedisSentinels::Name() const { return "the master \"" + options_.master_name + "\""; }

StatusOr<HostAddress> RedisSentinels::Ask(const CallContext& call, Sentinel& sentinel) const {
  ASSIGN_OR_RETURN(const std::unique_ptr<ServerConnection> dialed, sentinel.dialer.Dial(call));
  auto& connection = static_cast<RedisConnection&>(*dialed);
  connection.commands().Clear();
  connection.commands().AddCommand({"SENTINEL", "get-master-addr-by-name", options_.master_name});
  RETURN_IF_ERROR(connection.Send(call));
  ASSIGN_OR_RETURN(const Reply* reply, connection.Receive(call));
  if (reply->is_error()) {
    return FromServer(reply->text(), "sentinel").status;
  }
  if (reply->is_nil()) {
    return Status(StatusCode::kFailedPrecondition, "does not watch it; check sentinelMasterName");
  }
  return ReadPlace(*reply);
}

// Each sentinel may take its share of the time that is left, so a silent one does not use up all.
StatusOr<std::vector<SocketAddress>> RedisSentinels::Find(const CallContext& call) {
  Sentinels sentinels;
  {
    const std::lock_guard lock(mutex_);
    sentinels = sentinels_;
  }
  Refusals refusals;
  for (size_t i = 0; i < sentinels.size(); ++i) {
    CallContext step = call;
    const SteadyTime now = host_.clock().Now();
    if (!call.deadline.is_never()) {
      const auto left = static_cast<int64_t>(sentinels.size() - i);
      step.deadline = Deadline::After(now, call.deadline.Remaining(now) / left);
    }
    auto place = Ask(step, *sentinels[i]);
    if (place.ok()) {
      Prefer(sentinels[i]);
      return Resolve(*place);
    }
    RETURN_IF_ERROR(call.waiter->Check());
    if (call.deadline.HasPassed(host_.clock().Now())) {
      return place.status();
    }
    refusals.Add(sentinels[i]->options.address, place.status());
  }
  return std::move(refusals).Take(Name());
}

void RedisSentinels::Prefer(const std::shared_ptr<Sentinel>& sentinel) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find(sentinels_.begin(), sentinels_.end(), sentinel);
  std::rotate(sentinels_.begin(), found, found + 1);
}

void RedisSentinels::Doubt() {
  const std::lock_guard lock(mutex_);
  std::rotate(sentinels_.begin(), sentinels_.begin() + 1, sentinels_.end());
}

uint64_t RedisSentinels::Confirm(const HostAddress& place) {
  const std::lock_guard lock(mutex_);
  if (place_ != place) {
    place_ = place;
    number_.fetch_add(1, std::memory_order_relaxed);
  }
  return number_.load(std::memory_order_relaxed);
}

uint64_t RedisSentinels::InUse() {
  const SteadyTime now = host_.clock().Now();
  int64_t due = ask_at_.load(std::memory_order_relaxed);
  if (Ticks(now) >= due && ask_at_.compare_exchange_strong(due, Ticks(now + kAskedEvery))) {
    BeginCheck();
  }
  return number_.load(std::memory_order_relaxed);
}

void RedisSentinels::BeginCheck() {
  const auto waiter = std::make_shared<Waiter>();
  {
    const std::lock_guard lock(mutex_);
    if (checking_ != nullptr) {
      return;
    }
    checking_ = waiter;
  }
  host_.PostBlocking([self = shared_from_this(), waiter] { self->Check(waiter); });
}

void RedisSentinels::Check(const std::shared_ptr<Waiter>& waiter) {
  {
    const std::lock_guard lock(mutex_);
    if (checking_ != waiter) {
      return;  // taken out
    }
    has_begun_ = true;
  }
  CallContext call;
  call.waiter = waiter.get();
  call.may_block = true;
  call.deadline = Deadline::After(host_.clock().Now(), options_.dial_timeout);
  // What goes wrong here shows at the next dial; until then the connections that work are used.
  CheckMaster(call).IgnoreError();
  const std::lock_guard lock(mutex_);
  checking_.reset();
  has_begun_ = false;
  has_checked_.notify_all();
}

// Confirms a master that is another one than before, once that one says so itself.
Status RedisSentinels::CheckMaster(const CallContext& call) {
  ASSIGN_OR_RETURN(const std::vector<SocketAddress> addresses, Find(call));
  const SocketAddress& address = addresses.front();
  {
    const std::lock_guard lock(mutex_);
    if (address.name == place_) {
      return OkStatus();
    }
  }
  RedisConnection connection(host_, options_);
  Status status = connection.Connect(call, address);
  if (status.ok()) {
    status = connection.LogIn(call);
  }
  if (status.ok()) {
    Confirm(address.name);
  } else {
    Doubt();
  }
  return status;
}

void RedisSentinels::Stop() {
  std::unique_lock lock(mutex_);
  if (!has_begun_) {
    checking_.reset();  // where the host lends the threads, it might never begin
    return;
  }
  checking_->Stop(StopCause::kClosed);
  has_checked_.wait(lock, [this] { return checking_ == nullptr; });
}

void RedisSentinels::ForgetFailures() {
  const std::lock_guard lock(mutex_);
  for (const std::shared_ptr<Sentinel>& sentinel : sentinels_) {
    sentinel->dialer.Reset();
  }
}

}  // namespace mecha::components
