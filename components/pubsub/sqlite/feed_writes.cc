// SPDX-License-Identifier: Apache-2.0
#include "feed_writes.h"

#include <array>
#include <cstring>
#include <span>
#include <string>
#include <utility>

#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {
namespace {

using std::chrono::milliseconds;

// A write of `Unit`, on the heap until it is over. It keeps the feed's state, which counts it, and
// leaves it as its last deed: the file may be closed then.
template <class Unit>
class FeedWrite final : public DeferredWrite {
 public:
  template <class... More>
  explicit FeedWrite(std::shared_ptr<FeedState> feed, More... more)
      : DeferredWrite(context_, unit_), feed_(std::move(feed)), unit_(*feed_, std::move(more)...) {
    context_.waiter = &waiter_;
  }
  FeedWrite(const FeedWrite&) = delete;
  FeedWrite& operator=(const FeedWrite&) = delete;
  ~FeedWrite() override { feed_->Leave(); }
  void Complete() override { unit_.Tell(); }

 private:
  Waiter waiter_;
  CallContext context_;
  std::shared_ptr<FeedState> feed_;
  Unit unit_;
};

template <class Unit, class... More>
void Defer(std::shared_ptr<FeedState> feed, More... more) {
  CommitGroup& group = feed->file().group();
  group.Defer(std::make_unique<FeedWrite<Unit>>(std::move(feed), std::move(more)...));
}

int64_t NewToken(Host& host) {
  std::array<unsigned char, sizeof(int64_t)> bytes;
  host.Random(bytes);
  int64_t token = 0;
  std::memcpy(&token, bytes.data(), sizeof token);
  return token == 0 ? 1 : token;
}

class TakeUnit final : public QueueUnit {
 public:
  TakeUnit(FeedState& feed, size_t most) : QueueUnit(feed.file()), feed_(feed), most_(most) {}
  void Tell() { feed_.OnTaken(status, std::move(catch_)); }

 private:
  Status Apply(Connection& connection) override {
    Wish wish;
    wish.ids = feed_.ids();
    wish.most = most_;
    wish.token = NewToken(connection.host());
    wish.lease = file_.settings().lease;
    StatusOr<Catch> result = TakeMessages(connection, wish);
    if (IsNotFound(result.status())) {
      // Somebody deleted the group: a new one begins with what comes from now on.
      ASSIGN_OR_RETURN(wish.ids, FindGroup(connection, feed_.names().topic, feed_.names().group,
                                           file_.settings().retention));
      feed_.SetIds(wish.ids);
      result = TakeMessages(connection, wish);
    }
    RETURN_IF_ERROR(result.status());
    catch_ = *std::move(result);
    return OkStatus();
  }

  FeedState& feed_;
  const size_t most_;
  Catch catch_;
};

class SettleUnit final : public QueueUnit {
 public:
  explicit SettleUnit(FeedState& feed) : QueueUnit(feed.file()), feed_(feed) {}
  void Tell() {
    if (!has_run_) {
      TakeOver();
    }
    bool returns = false;
    for (Settling& each : settling_) {
      each.outcome = status.ok() ? std::move(each.outcome) : status;
      returns = returns || (each.outcome.ok() && Returns(each));
    }
    feed_.OnSettled(settling_);
    if (returns) {
      file_.Expect();
      file_.Announce(feed_.names().topic);
    }
  }

 private:
  static bool Returns(const Settling& each) {
    return each.settlement.kind == Settlement::Kind::kReturn;
  }
  void TakeOver() {
    for (Settling& each : feed_.TakeSettling()) {
      settling_.push_back(std::move(each));
    }
  }

  Status Apply(Connection& connection) override {
    has_run_ = true;
    TakeOver();
    const GroupIds ids = feed_.ids();
    for (Settling& each : settling_) {
      if (Returns(each) && each.settlement.is_unseen) {
        each.outcome = UntakeMessage(connection, ids, each.held);
      } else if (Returns(each)) {
        const auto delay = std::chrono::ceil<milliseconds>(each.settlement.delay);
        each.outcome = ReturnMessage(connection, ids, each.held, delay);
      } else {
        each.outcome = FinishMessage(connection, ids, each.held);
      }
      if (!each.outcome.ok() && !IsNotFound(each.outcome)) {
        return each.outcome;
      }
    }
    return OkStatus();
  }

  FeedState& feed_;
  std::vector<Settling> settling_;
  bool has_run_ = false;
};

class RenewUnit final : public QueueUnit {
 public:
  RenewUnit(FeedState& feed, std::vector<Renewal> renewals, std::vector<uint64_t> known,
            Done<std::vector<uint64_t>> done)
      : QueueUnit(feed.file()),
        feed_(feed),
        renewals_(std::move(renewals)),
        known_(std::move(known)),
        done_(std::move(done)) {}
  void Tell() {
    if (!status.ok()) {
      std::move(done_)(status);
      return;
    }
    feed_.OnLost(lost_);
    lost_.insert(lost_.end(), known_.begin(), known_.end());
    std::move(done_)(std::move(lost_));
  }

 private:
  Status Apply(Connection& connection) override {
    lost_.clear();
    const GroupIds ids = feed_.ids();
    for (const Renewal& renewal : renewals_) {
      const Status renewed = RenewMessage(connection, ids, renewal.held, file_.settings().lease);
      if (IsNotFound(renewed)) {
        lost_.push_back(renewal.number);
      } else if (!renewed.ok()) {
        return renewed;
      }
    }
    return OkStatus();
  }

  FeedState& feed_;
  const std::vector<Renewal> renewals_;
  const std::vector<uint64_t> known_;
  std::vector<uint64_t> lost_;
  Done<std::vector<uint64_t>> done_;
};

class UntakeUnit final : public QueueUnit {
 public:
  UntakeUnit(FeedState& feed, std::vector<Held> untaken)
      : QueueUnit(feed.file()), feed_(feed), untaken_(std::move(untaken)) {}
  // Where it failed, the leases end by themselves.
  void Tell() {
    if (status.ok()) {
      file_.Expect();
      file_.Announce(feed_.names().topic);
    }
    feed_.OnUntaken();
  }

 private:
  Status Apply(Connection& connection) override {
    for (const Held& held : untaken_) {
      const Status untaken = UntakeMessage(connection, feed_.ids(), held);
      if (!untaken.ok() && !IsNotFound(untaken)) {
        return untaken;
      }
    }
    return OkStatus();
  }

  FeedState& feed_;
  const std::vector<Held> untaken_;
};

}  // namespace

void DeferTake(std::shared_ptr<FeedState> feed, size_t most) {
  Defer<TakeUnit>(std::move(feed), most);
}

void DeferSettle(std::shared_ptr<FeedState> feed) { Defer<SettleUnit>(std::move(feed)); }

void DeferRenew(std::shared_ptr<FeedState> feed, std::vector<Renewal> renewals,
                std::vector<uint64_t> lost, Done<std::vector<uint64_t>> done) {
  Defer<RenewUnit>(std::move(feed), std::move(renewals), std::move(lost), std::move(done));
}

void DeferUntake(std::shared_ptr<FeedState> feed, std::vector<Held> untaken) {
  Defer<UntakeUnit>(std::move(feed), std::move(untaken));
}

}  // namespace MECHA_COMPONENT
