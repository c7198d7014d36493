// SPDX-License-Identifier: Apache-2.0
// PostgresChannel: the channel of queue operations on PostgreSQL: one session in libpq's pipeline
// mode. Each statement ends with a Sync of its own, so it commits or fails by itself; reads that
// wait together are one statement. Threads, locks and who owns what: channel/channel.h.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>

#include "channel/channel.h"
#include "connection/dialer.h"
#include "postgres_connection.h"
#include "postgres_pool.h"
#include "postgres_request.h"
#include "query_result.h"
#include "result/status.h"

namespace MECHA_COMPONENT {

class PostgresChannel final : public Channel {
 public:
  // `pool` outlives the channel's Close.
  PostgresChannel(Host& host, const PostgresPool& pool)
      : Channel(host),
        pool_(pool),
        layout_(pool.options().layout),
        dialer_(host, pool.options(), components::OpenConnection([&pool](const CallContext& call) {
                  return pool.Open(call);
                })) {}
  ~PostgresChannel() override { LetGo(); }

  void Submit(std::unique_ptr<PostgresRequest> request);
  // How many requests are inside.
  size_t load() const { return load_.load(std::memory_order_relaxed); }
  // Whether what is inside has waited for so long that something else had better go another way:
  // a statement that waits for a lock holds up all behind it.
  bool IsStuck(SteadyTime now) const;
  void ForgetFailures() { dialer_.Reset(); }

 private:
  enum class Kind : uint8_t { kRead, kReads, kWrite };

  // A statement whose result is still to come. Requests that ended early are gone from it.
  struct Sent {
    Requests requests;
    Kind kind = Kind::kRead;
    QueryResult result;
  };

  StatusOr<std::unique_ptr<ServerConnection>> OpenConnection(CallContext call) override;
  void OnEnded(size_t count) override { load_.fetch_sub(count, std::memory_order_relaxed); }
  int Begin() override;
  Status Drive(short ready, Requests& ended) override;
  bool IsOver() const override { return is_ending_ && in_flight_.empty(); }
  std::optional<Status> WhyGiveUp(SteadyTime now) override;
  void EndSent(const Status& status, Requests& ended) override;
  void EndStopped(uint64_t request, Requests& ended) override;
  void EndLate(SteadyTime now, Requests& ended) override;
  SteadyTime NextAlarm() const override;

  PostgresConnection& session() const { return static_cast<PostgresConnection&>(*connection()); }
  static PostgresRequest& Of(const Request& request) {
    return static_cast<PostgresRequest&>(*request);
  }
  Status TakeResults(Requests& ended);
  Status FinishFirst(Requests& ended);
  Status Understand(const Sent& sent);
  Status SendWaiting();
  bool IsTired();
  Requests TakeNext();
  Status Add(Requests requests);
  template <class EndsWith>
  void EndSome(EndsWith ends_with, Requests& ended);
  bool IsAbandoned() const;
  void NoteProgress(SteadyTime now);

  const PostgresPool& pool_;
  const Layout layout_;
  Dialer dialer_;
  std::atomic<size_t> load_{0};
  // When something came from the server last; max when nothing is owed.
  std::atomic<SteadyTime> waits_since_{SteadyTime::max()};

  // All below belongs to whoever drives.
  std::deque<Sent> in_flight_;
  SteadyTime used_at_{};
  bool is_ending_ = false;  // sends no more; closed when the last result came
};

}  // namespace MECHA_COMPONENT
