// SPDX-License-Identifier: Apache-2.0
// StreamReader: takes the entries of one subscription from the server, over a connection of its
// own, and hands them to the listener: new ones, those that somebody gave back, those of consumers
// that fell silent. One command at a time, so what the group has down as in this consumer's hands
// can be compared with what is. It waits on the host's watch, on no thread; a pool thread opens the
// connection. What happens to the deliveries afterwards is the keeper's.
//
// Threads: Request, Stop and Wake from any thread; they wait for nothing. All else is done by one
// thread at a time, whoever has the turn, under no lock: the listener is called there.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "connection/dialer.h"
#include "contract/host.h"
#include "contract/pub_sub.h"
#include "redis/redis_connection.h"
#include "redis/redis_options.h"
#include "redis/redis_reply.h"
#include "redis/redis_script.h"
#include "result/status.h"
#include "result/status_or.h"
#include "stream_commands.h"
#include "stream_entry.h"
#include "stream_keeper.h"
#include "stream_options.h"

namespace MECHA_COMPONENT {

class StreamReader final : public std::enable_shared_from_this<StreamReader> {
 public:
  // `host` outlives it; `listener` lives until Stop has reported.
  StreamReader(Host& host, const RedisOptions& connection, const StreamOptions& options,
               std::shared_ptr<StreamKeeper> keeper, FeedListener& listener);
  ~StreamReader();

  // Makes the group and begins; waits on the caller's thread. Once, before anything else.
  Status Start(const CallContext& call);
  void Request(size_t more);
  void Stop(Settled stopped);

 private:
  // What the server was asked last.
  enum class Asked : uint8_t {
    kNothing,
    kOwn,
    kGiveBack,
    kUntake,
    kReturned,
    kSilent,
    kSweep,
    kNew,
    kLeave
  };
  enum class Turn : uint8_t { kGoesOn, kElsewhere };
  struct Opened {
    std::unique_ptr<RedisConnection> connection;
    int64_t client = 0;
  };

  // The turn (stream_reader.cc).
  void Wake(short ready);
  void TakeTurns();
  Turn Step(short ready);
  Status Exchange(short ready);
  Status Receive();
  Status SendMore();
  Status CheckAnswer();
  Status Ask(Asked what);
  Status AskNext();
  Status AskToTakeBack(Asked what, std::span<const StreamId> ids);
  Status AskForMessages(size_t credit);
  Status AskBeforeEnd();
  bool MustReconnect() const;
  Turn End();

  // The connection (stream_connection.cc).
  StatusOr<Opened> Open(const CallContext& call);
  void OpenOnPool(const std::shared_ptr<Waiter>& waiter);
  void Adopt(Opened opened);
  void Drop();
  void Lose(const Status& status);
  Turn Reopen();
  void NoteSuccess();
  void ArmAlarm(SteadyTime at);

  // What replies mean (stream_replies.cc).
  Status Take(Reply& reply);
  Status TakeMeaning(Asked asked, Reply& reply);
  void TakeOwn(const Reply& reply);
  Status TakeOver(Asked asked, Reply& reply);
  Status TakeNew(Reply& reply);
  void Deliver(std::vector<StreamEntry> entries);
  void LearnSize(const std::vector<StreamEntry>& entries);

  Host& host_;
  RedisOptions connection_options_;
  const StreamOptions options_;
  const std::shared_ptr<StreamKeeper> keeper_;
  FeedListener& listener_;
  Dialer dialer_;

  // Of whoever has the turn.
  std::unique_ptr<RedisConnection> link_;
  uint64_t watch_ = 0;
  int64_t client_ = 0;  // the connection's, at the server; 0 when it does not say
  Asked asked_ = Asked::kNothing;
  ScriptForm form_ = ScriptForm::kHash;
  bool is_sending_ = false;
  size_t asked_count_ = 0;
  SteadyTime asked_at_{};
  SteadyTime answer_by_ = SteadyTime::max();
  SteadyTime returned_at_{};  // when to look for what was given back, for what fell silent, and
  SteadyTime silent_at_{};    // for consumers that are gone
  SteadyTime sweep_at_{};
  StreamId silent_from_;
  StreamId own_from_;
  bool is_looking_at_own_ = false;
  std::vector<StreamId> give_back_;  // the server has them down as ours, and they are not in hand
  std::vector<StreamId> untaken_;    // taken from the server and not delivered
  size_t most_at_once_;              // entries in a reply, by their size
  bool has_left_ = false;
  bool is_healthy_ = true;
  size_t failures_ = 0;  // since messages came last
  SteadyTime retry_at_{};
  std::array<char, 64 * 1024> room_;

  std::mutex mutex_;
  bool has_turn_ = false;  // somebody has
  bool is_wanted_ = false;
  short ready_ = 0;
  bool is_idle_ = false;  // connected, with nothing to ask for
  size_t credit_ = 0;
  bool is_stopping_ = false;
  Settled stopped_;
  std::shared_ptr<Waiter> opening_;  // the opening that was posted, or runs; it has the turn
  bool has_begun_ = false;           // it runs
  std::optional<StatusOr<Opened>> opened_;
  SteadyTime alarm_at_ = SteadyTime::max();
};

}  // namespace MECHA_COMPONENT
