// SPDX-License-Identifier: Apache-2.0
// Channel: one connection that many requests share, each of which waits on no thread. The I/O
// thread writes and reads; a pool thread opens the connection when the first request comes. What
// is written, and what an answer means, is a subclass's; here is who waits, who ends early, and
// when. It never sends a request twice: a lost connection fails what was on it, a write marked as
// maybe applied.
//
// Safe from any thread; no call waits but Close. Two locks: `mutex_` for what submitters touch,
// held shortly; the other, taken first, for whoever drives the connection. Requests complete under
// neither.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "channel/channel_request.h"
#include "connection/server_connection.h"
#include "contract/host.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha::components {

class Channel : public RequestKeeper, public std::enable_shared_from_this<Channel> {
 public:
  // Fails what is there, closes the connection and waits for an opening under way; one that no
  // thread has begun is taken out. A later request opens it again.
  void Close(const Status& status);

  void StopRequested(uint64_t request) override;

 protected:
  using Request = std::unique_ptr<ChannelRequest>;
  using Requests = std::vector<Request>;

  // `host` outlives the channel, which may outlive its store a little: a posted turn holds it.
  explicit Channel(Host& host) : host_(host) {}
  // For the subclass's destructor: the connection may refer to what the subclass has.
  void LetGo() { Drop(std::move(link_)); }

  void SubmitRequest(Request request);

  // Opens a connection. On a thread that may block, under no lock.
  virtual StatusOr<std::unique_ptr<ServerConnection>> OpenConnection(CallContext call) = 0;
  // So many requests are about to complete.
  virtual void OnEnded(size_t /*count*/) {}

  // All below are called by whoever drives, under that one's lock.
  // Takes over the connection that was opened; its descriptor.
  virtual int Begin() = 0;
  // Reads what is there and writes what waits; moves out what has an outcome. A failure loses the
  // connection.
  virtual Status Drive(short ready, Requests& ended) = 0;
  // Whether the connection is to be closed now, though nothing has failed.
  virtual bool IsOver() const { return false; }
  // Why it is to be given up at an alarm.
  virtual std::optional<Status> WhyGiveUp(SteadyTime now) = 0;
  // What was sent and is still owed: ends all of it, as the connection is lost; the one with this
  // id, if it is there; those whose deadline has passed. End does the ending.
  virtual void EndSent(const Status& status, Requests& ended) = 0;
  virtual void EndStopped(uint64_t request, Requests& ended) = 0;
  virtual void EndLate(SteadyTime now, Requests& ended) = 0;
  // When something of what was sent may have to end.
  virtual SteadyTime NextAlarm() const = 0;

  // For the subclass while it drives.
  Host& host() { return host_; }
  const Host& host() const { return host_; }
  ServerConnection* connection() const { return link_.connection.get(); }
  void Await(short events);
  bool HasWaiting();
  // Hands over what waits, in the order it came, until `take` leaves one where it is.
  template <class Take>
  void TakeWaiting(Take take) {
    const std::lock_guard lock(mutex_);
    is_turn_posted_ = false;
    while (HasWaitingLocked() && take(waiting_.front().request)) {
      waiting_.pop_front();
    }
  }
  // Has it sent again, as one that came last.
  void AddAgain(Request request);
  void Arm(SteadyTime at);
  static void End(Request& request, Status status, bool may_have_run, Requests& ended);
  static Status StopStatus(const ChannelRequest& request) { return request.waiter().Check(); }
  static bool IsLate(const ChannelRequest& request, SteadyTime now) {
    return request.deadline().HasPassed(now);
  }
  static Status Lateness();

 private:
  enum class Phase : uint8_t { kClosed, kOpening, kOpen };
  struct Waiting {
    Request request;  // null: it ended early
    uint64_t id = 0;
  };
  // A connection and the watch over it, to be let go of under no lock.
  struct Link {
    std::unique_ptr<ServerConnection> connection;
    uint64_t watch = 0;
  };

  void OpenLocked();
  void Open(const std::shared_ptr<Waiter>& waiter);
  void FinishOpening(StatusOr<std::unique_ptr<ServerConnection>> opened, Requests& ended);
  void Turn(short ready);
  void AddLocked(Request request);
  bool HasWaitingLocked();
  void EndWaitingLocked(const Status& status, Requests& ended);
  void EndAll(const Status& status);
  Link Lose(const Status& status, Requests& ended);
  void Drop(Link link);
  void OnAlarm();
  void ArmLocked(SteadyTime at);
  void Complete(Requests& ended);

  Host& host_;

  std::mutex io_mutex_;
  Link link_;
  short awaited_ = 0;

  std::mutex mutex_;
  std::condition_variable has_opened_;
  Phase phase_ = Phase::kClosed;
  std::deque<Waiting> waiting_;      // not sent yet, in the order of their ids
  std::shared_ptr<Waiter> opening_;  // the opening that was posted, or runs
  bool has_begun_ = false;           // it runs
  bool is_turn_posted_ = false;
  uint64_t last_id_ = 0;
  SteadyTime alarm_at_ = SteadyTime::max();
};

}  // namespace mecha::components
