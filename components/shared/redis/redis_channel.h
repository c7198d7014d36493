// SPDX-License-Identifier: Apache-2.0
// RedisChannel: the channel of queue operations on Redis. What waits is written as one batch, and
// replies are read as they come, in order. Threads, locks and who owns what: channel/channel.h.
#pragma once

#include <array>
#include <deque>
#include <memory>

#include "channel/channel.h"
#include "connection/dialer.h"
#include "redis/redis_connection.h"
#include "redis/redis_options.h"
#include "redis/redis_request.h"
#include "result/status.h"

namespace mecha::components {

class RedisChannel final : public Channel {
 public:
  RedisChannel(Host& host, const RedisOptions& options)
      : Channel(host), options_(options), dialer_(host, options_, [this] {
          return std::make_unique<RedisConnection>(this->host(), options_);
        }) {}
  ~RedisChannel() override;

  void Submit(std::unique_ptr<RedisRequest> request) { SubmitRequest(std::move(request)); }
  void ForgetFailures() { dialer_.Reset(); }

 private:
  // A place in the order of replies, which is also that of ids. Its request is gone when that ended
  // early.
  struct Place {
    Request request;
    uint64_t id = 0;
    uint64_t batch = 0;
    size_t index = 0;  // in its batch
  };

  StatusOr<std::unique_ptr<ServerConnection>> OpenConnection(CallContext call) override {
    return dialer_.Dial(call);
  }
  int Begin() override;
  Status Drive(short ready, Requests& ended) override;
  std::optional<Status> WhyGiveUp(SteadyTime now) override;
  void EndSent(const Status& status, Requests& ended) override;
  void EndStopped(uint64_t request, Requests& ended) override;
  void EndLate(SteadyTime now, Requests& ended) override;
  SteadyTime NextAlarm() const override;

  RedisConnection& redis() const { return static_cast<RedisConnection&>(*connection()); }
  Status Receive(Requests& ended);
  Status TakeReply(Reply& reply, Requests& ended);
  Status SendWaiting();
  bool MustLeave() const;
  void TakeBatch();
  bool HasLeft(const Place& place) const;
  SteadyTime EndOfPatience() const;

  RedisOptions options_;
  Dialer dialer_;

  // All below belongs to whoever drives.
  std::deque<Place> in_flight_;  // written, or being written
  uint64_t batch_ = 0;           // the one being written, or the last one
  bool is_sending_ = false;
  SteadyTime progress_at_{};
  bool has_sent_ = false;    // over this connection
  bool must_leave_ = false;  // the server's words said so
  std::array<char, 64 * 1024> room_;
};

}  // namespace mecha::components
