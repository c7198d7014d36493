// SPDX-License-Identifier: Apache-2.0
// RedisChannel: one connection that many requests share, each of which waits on no thread. Requests
// are written together and their replies read together, on the I/O thread, in order; the connection
// is opened by a pool thread when the first request comes. It never sends a request twice: a lost
// connection fails what was on it, marked as maybe applied when it may have reached the server.
//
// Safe from any thread; no call waits but Close. Two locks: `mutex_` for what submitters touch,
// held shortly; `io_mutex_`, taken first, for whoever drives the socket. Requests complete under
// neither.
#pragma once

#include <array>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "connection/dialer.h"
#include "contract/host.h"
#include "redis/redis_connection.h"
#include "redis/redis_options.h"
#include "redis/redis_request.h"
#include "result/status.h"

namespace mecha::components {

class RedisChannel final : public RequestKeeper, public std::enable_shared_from_this<RedisChannel> {
 public:
  // `host` outlives the channel, which may outlive its store a little: a posted turn holds it.
  RedisChannel(Host& host, const RedisOptions& options)
      : host_(host), options_(options), dialer_(host, options_, [this] {
          return std::make_unique<RedisConnection>(host_, options_);
        }) {}
  ~RedisChannel() override;

  void Submit(std::unique_ptr<RedisRequest> request);
  // Fails what is there, closes the connection and waits for an opening under way; one that no
  // thread has begun is taken out. A later request opens it again.
  void Close(const Status& status);
  void ForgetFailures() { dialer_.Reset(); }

  void StopRequested(uint64_t request) override;

 private:
  using Requests = std::vector<std::unique_ptr<RedisRequest>>;
  enum class Phase : uint8_t { kClosed, kOpening, kOpen };

  // A place in the order of replies, which is also that of ids. Its request is gone when that ended
  // early.
  struct Place {
    std::unique_ptr<RedisRequest> request;
    uint64_t id = 0;
    uint64_t batch = 0;
    size_t index = 0;  // in its batch
  };
  // A connection and the watch over it, to be let go of under no lock.
  struct Link {
    std::unique_ptr<RedisConnection> connection;
    uint64_t watch = 0;
  };

  void Open(const std::shared_ptr<Waiter>& waiter);
  void EndAll(const Status& status);
  void FinishOpening(StatusOr<std::unique_ptr<ServerConnection>> opened, Requests& ended);
  void Turn(short ready);
  Status Receive(Requests& ended);
  Status TakeReply(Reply& reply, Requests& ended);
  Status SendWaiting();
  bool MustLeave() const;
  bool HasWaiting();
  void TakeBatch();
  Link Lose(const Status& status, Requests& ended);
  void EndWaiting(const Status& status, Requests& ended);
  void Drop(Link link);
  void EndIn(std::deque<Place>& places, uint64_t request, Requests& ended);
  void AddLocked(std::unique_ptr<RedisRequest> request);
  void ForgetEndedLocked();
  void EndLate(std::deque<Place>& places, SteadyTime now, Requests& ended);
  void EndPlace(Place& place, Status status, Requests& ended);
  bool MayHaveRun(const Place& place) const;
  void OnAlarm();
  SteadyTime NextAlarm() const;
  void ArmLocked(SteadyTime at);
  void OpenLocked();
  static void Complete(Requests& ended);

  Host& host_;
  RedisOptions options_;
  Dialer dialer_;

  std::mutex io_mutex_;
  Link link_;
  std::deque<Place> in_flight_;  // written, or being written
  uint64_t batch_ = 0;           // the one being written, or the last one
  bool is_sending_ = false;
  bool awaits_room_ = false;  // the socket took only a part
  SteadyTime progress_at_{};
  bool has_sent_ = false;    // over this connection
  bool must_leave_ = false;  // the server's words said so
  std::array<char, 64 * 1024> room_;

  std::mutex mutex_;
  std::condition_variable has_opened_;
  Phase phase_ = Phase::kClosed;
  std::deque<Place> waiting_;        // not written yet
  std::shared_ptr<Waiter> opening_;  // the opening that was posted, or runs
  bool has_begun_ = false;           // it runs
  bool is_turn_posted_ = false;
  uint64_t last_id_ = 0;
  SteadyTime alarm_at_ = SteadyTime::max();
};

}  // namespace mecha::components
