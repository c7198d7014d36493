// SPDX-License-Identifier: Apache-2.0
#include "redis/redis_access.h"

#include "connection/tls_fields.h"
#include "redis/redis_lease.h"
#include "result/status_or.h"

namespace mecha::components {

Status RedisAccess::Open(const CallContext& call, const Settings& settings, Host& host) {
  Close();
  ASSIGN_OR_RETURN(options_, ReadRedisOptions(settings));
  if (settings.Boolean("enableTLS")) {
    RETURN_IF_ERROR(ReadTls(settings, host, &options_));
  }
  if (!options_.sentinels.empty()) {
    sentinels_ = std::make_shared<RedisSentinels>(host, options_);
    options_.finder = sentinels_;
  }
  pool_ = std::make_unique<ConnectionPool>(
      host, options_, [this, &host] { return std::make_unique<RedisConnection>(host, options_); });
  channel_ = std::make_shared<RedisChannel>(host, options_);
  for (std::unique_ptr<RedisLine>& line : lines_) {
    line = std::make_unique<RedisLine>(host, options_);
  }
  Status status = Ping(call);
  if (!status.ok()) {
    Close();
  }
  return status;
}

Status RedisAccess::Ping(const CallContext& call) {
  ASSIGN_OR_RETURN(RedisLease lease, RedisLease::Take(*pool_, call));
  lease.commands().AddCommand({"PING"});
  RETURN_IF_ERROR(lease.Send(call));
  ASSIGN_OR_RETURN(const Reply* reply, lease.Receive(call));
  return reply->is_error() ? lease.ErrorOf(*reply) : OkStatus();
}

void RedisAccess::Suspend(bool keep_connections) {
  if (sentinels_ != nullptr) {
    sentinels_->Stop();
  }
  if (!keep_connections && pool_ != nullptr) {
    pool_->CloseIdle();
    channel_->Close(Status(StatusCode::kSuspended, "the runtime is suspended"));
    for (const std::unique_ptr<RedisLine>& line : lines_) {
      line->Close();
    }
  }
}

void RedisAccess::Resume() {
  if (sentinels_ != nullptr) {
    sentinels_->ForgetFailures();
  }
  if (pool_ != nullptr) {
    pool_->ForgetFailures();
    channel_->ForgetFailures();
    for (const std::unique_ptr<RedisLine>& line : lines_) {
      line->ForgetFailures();
    }
  }
}

void RedisAccess::Close() {
  if (channel_ != nullptr) {
    channel_->Close(Status(StatusCode::kClosed, "the runtime is shut down"));
    channel_.reset();
  }
  lines_ = {};
  pool_.reset();
  if (sentinels_ != nullptr) {
    sentinels_->Stop();
    sentinels_.reset();
  }
  options_.Wipe();
  options_ = RedisOptions();
}

RedisLine& RedisAccess::NextLine() {
  return *lines_[next_line_.fetch_add(1, std::memory_order_relaxed) % lines_.size()];
}

}  // namespace mecha::components
