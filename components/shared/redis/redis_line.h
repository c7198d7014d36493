// SPDX-License-Identifier: Apache-2.0
// RedisLine: one connection that many blocking callers share. One of them leads: it writes what all
// have added, reads the replies and wakes those whose reply came; then the next one leads. Nobody
// else does input or output, so a crowd of callers costs few system calls. Like RedisChannel it
// never sends a request twice; unlike it, it needs no I/O thread.
//
// Safe from any thread. Who comes takes no lock, and who is woken takes none either: a crowd would
// queue for it behind the leader. A leader whose call ends early hands the line on and leaves; a
// connection stays in use over that.
#pragma once

#include <array>
#include <atomic>
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

class RedisLine {
 public:
  // Both outlive the line.
  RedisLine(Host& host, const RedisOptions& options)
      : host_(host), options_(options), dialer_(host, options, [this] {
          return std::make_unique<RedisConnection>(host_, options_);
        }) {}

  // Runs the request of `call`, which may block, to its end on this thread; the outcome is in the
  // request then.
  void Run(const CallContext& call, RedisRequest& request);
  // Closes the connection. While nobody is inside.
  void Close();
  void ForgetFailures() { dialer_.Reset(); }

 private:
  enum class Role : uint8_t { kFollows, kLeads, kEnded };
  // A caller inside, on its stack. It is written under mutex_; its own thread reads `role` without.
  // A caller that follows is notified once, after its role was changed, and not touched after that.
  struct Place {
    RedisRequest* request = nullptr;
    Place* next = nullptr;  // in arrivals_
    std::atomic<Role> role = Role::kFollows;
    uint64_t batch = 0;
    size_t index = 0;  // in its batch
  };
  using Lock = std::unique_lock<std::mutex>;

  bool Join(Place& self);
  bool AwaitRole(const CallContext& call, Place& self);
  bool HasLeft(Place& self, const Status& why);
  void Lead(const CallContext& call, Place& self);
  void Collect();
  Status Connect(const CallContext& call, Lock& lock);
  bool MustLeave() const;
  void TakeBatch();
  Status Exchange(const CallContext& call, Lock& lock);
  Status AwaitSocket(const CallContext& call, short events);
  Status ReceiveSome(const CallContext& call, Status& own);
  Status TakeReplies();
  Status TakeReply(Reply& reply);
  void Lose(const Status& status);
  void Leave(Place& self, const Status& status);
  void HandOver();
  void EndPlace(Place* place, const Status& status, bool was_sent);
  void Release(Place& place, Role role);
  void WakeEnded(Lock& lock);

  Host& host_;
  const RedisOptions& options_;
  Dialer dialer_;
  Place end_;                               // stands at the end of arrivals_ while somebody leads
  std::atomic<Place*> arrivals_ = nullptr;  // the newest first; null: nobody leads
  std::mutex mutex_;
  std::deque<Place*> waiting_;    // collected, not written yet
  std::deque<Place*> in_flight_;  // written, or being written; null when that one left
  uint64_t batch_ = 0;
  std::vector<Waiter*> ended_;  // to be woken under no lock

  // The leader's alone.
  bool is_lost_by_step_ = false;
  SteadyTime progress_at_{};  // when bytes came last, or the first of those in flight were sent
  std::unique_ptr<RedisConnection> connection_;
  bool is_sending_ = false;
  bool has_sent_ = false;    // over this connection
  bool must_leave_ = false;  // the server's words said so
  std::array<char, 64 * 1024> room_;
};

}  // namespace mecha::components
