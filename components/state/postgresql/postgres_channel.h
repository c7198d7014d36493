// SPDX-License-Identifier: Apache-2.0
// PostgresChannel: one session in libpq's pipeline mode that many requests share, each of which
// waits on no thread. The I/O thread sends and reads; a pool thread opens the session when the
// first request comes. Each statement ends with a Sync of its own, so it commits or fails by
// itself; reads that wait together are one statement. Nothing is ever sent twice: a lost session
// fails what was on it, a write marked as maybe applied.
//
// Safe from any thread; no call waits but Close. Two locks: `mutex_` for what submitters touch,
// held shortly; `io_mutex_`, taken first, for whoever drives the session. Requests complete under
// neither.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "connection/dialer.h"
#include "contract/host.h"
#include "postgres_connection.h"
#include "postgres_pool.h"
#include "postgres_request.h"
#include "query_result.h"
#include "result/status.h"

namespace MECHA_COMPONENT {

class PostgresChannel final : public RequestKeeper,
                              public std::enable_shared_from_this<PostgresChannel> {
 public:
  // `host` outlives the channel, `pool` its Close; a posted turn may hold the channel longer.
  PostgresChannel(Host& host, const PostgresPool& pool)
      : host_(host),
        pool_(pool),
        layout_(pool.options().layout),
        dialer_(host, pool.options(),
                OpenConnection([&pool](const CallContext& call) { return pool.Open(call); })) {}
  ~PostgresChannel() override { Drop(std::move(link_)); }

  void Submit(std::unique_ptr<PostgresRequest> request);
  // How many requests are inside.
  size_t load() const { return load_.load(std::memory_order_relaxed); }
  // Whether what is inside has waited for so long that something else had better go another way:
  // a statement that waits for a lock holds up all behind it.
  bool IsStuck(SteadyTime now) const;
  // Fails what is there, closes the session and waits for an opening under way. A later request
  // opens it again.
  void Close(const Status& status);
  void ForgetFailures() { dialer_.Reset(); }

  void StopRequested(uint64_t request) override;

 private:
  using Requests = std::vector<std::unique_ptr<PostgresRequest>>;
  enum class Phase : uint8_t { kClosed, kOpening, kOpen };
  enum class Kind : uint8_t { kRead, kReads, kWrite };

  // A statement whose result is still to come. Requests that ended early are gone from it.
  struct Sent {
    Requests requests;
    Kind kind = Kind::kRead;
    QueryResult result;
  };
  // A session and the watch over it, to be let go of under no lock.
  struct Link {
    std::unique_ptr<PostgresConnection> connection;
    uint64_t watch = 0;
  };

  void Open();
  StatusOr<std::unique_ptr<PostgresConnection>> OpenSession();
  void FinishOpening(StatusOr<std::unique_ptr<PostgresConnection>> opened, Requests& ended);
  void Turn(short ready);
  Status Drive(short ready, Requests& ended);
  Status TakeResults(Requests& ended);
  Status FinishFirst(Requests& ended);
  Status Understand(const Sent& sent);
  Status SendWaiting();
  bool IsTired();
  Requests TakeWaiting();
  Status Add(Requests requests);
  void Await(short events);
  Link Lose(const Status& status, Requests& ended);
  void EndWaiting(const Status& status, Requests& ended);
  void Drop(Link link);
  template <class EndsWith>
  void EndSome(EndsWith ends_with, Requests& ended);
  void OnAlarm();
  bool IsAbandoned() const;
  SteadyTime NextAlarm() const;
  void NoteProgress(SteadyTime now);
  void ArmLocked(SteadyTime at);
  void OpenLocked();
  void Complete(Requests& ended);

  Host& host_;
  const PostgresPool& pool_;
  const Layout layout_;
  Dialer dialer_;
  std::atomic<size_t> load_{0};
  // When something came from the server last; max when nothing is owed.
  std::atomic<SteadyTime> waits_since_{SteadyTime::max()};

  std::mutex io_mutex_;
  Link link_;
  std::deque<Sent> in_flight_;
  SteadyTime used_at_{};
  short awaited_ = 0;
  bool is_ending_ = false;  // sends no more; closed when the last result came

  std::mutex mutex_;
  std::condition_variable has_opened_;
  Phase phase_ = Phase::kClosed;
  std::deque<std::unique_ptr<PostgresRequest>> waiting_;  // not sent yet
  std::unique_ptr<Waiter> opening_;
  bool is_turn_posted_ = false;
  uint64_t last_id_ = 0;
  SteadyTime alarm_at_ = SteadyTime::max();
};

}  // namespace MECHA_COMPONENT
