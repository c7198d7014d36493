// SPDX-License-Identifier: Apache-2.0
#include "operation/operation.h"

#include <thread>
#include <vector>

#include "operation/operation_table.h"
#include "support/catch.h"
#include "support/fake_operation.h"

namespace mecha {
namespace {

using namespace std::chrono_literals;
using test::AwaitThat;
using test::FakeOperation;
using test::Moment;
using test::World;

FakeOperation::Script Ends(Status status) {
  return
      [status = std::move(status)](FakeOperation&, const FakeOperation::End& end) { end(status); };
}

// Fails `failures` times with `status`, then succeeds.
FakeOperation::Script FailsFirst(int failures, Status status) {
  return [=](FakeOperation& operation, const FakeOperation::End& end) {
    end(operation.attempts() <= failures ? status : OkStatus());
  };
}

Status Lost() { return MarkApplied(Unavailable("the reply was lost"), Applied::kMaybe); }

TEST_CASE("a blocking operation runs once, here, and may block") {
  World world;
  bool may_block = false;
  FakeOperation* operation = world.Make([&](FakeOperation& self, const FakeOperation::End& end) {
    may_block = self.call().may_block;
    end(OkStatus());
  });
  operation->RunBlocking();
  CHECK(may_block);
  CHECK(operation->status().ok());
  CHECK(operation->error() == nullptr);
  CHECK(operation->tries() == 1);
  CHECK(operation->finishes() == 1);
  CHECK(world.ends.load() == 1);
  operation->Release();
  CHECK(world.alive.load() == 0);
}

TEST_CASE("an absent key has no error, another failure has one") {
  World world;
  FakeOperation* absent = world.Make(Ends(NotFound()));
  absent->RunBlocking();
  CHECK(IsNotFound(absent->status()));
  CHECK(absent->error() == nullptr);
  absent->Release();
  FakeOperation* broken = world.Make(Ends(Unavailable("no route")));
  broken->RunBlocking();
  REQUIRE(broken->error() != nullptr);
  CHECK(broken->error()->message == "no route");
  CHECK(*broken->error()->FindDetail("applied") == "no");
  CHECK(broken->error()->retryability == Retryability::kSafe);
  broken->Release();
  CHECK(world.counters.Read(Verb::kSet).failures == 1);
}

TEST_CASE("a safe failure is retried as often as the policy says") {
  World world;
  world.RetryUpTo(2);
  FakeOperation* mended = world.Make(FailsFirst(2, Unavailable("gone")));
  mended->RunBlocking();
  CHECK(mended->status().ok());
  CHECK(mended->tries() == 3);
  mended->Release();
  FakeOperation* broken = world.Make(FailsFirst(3, Unavailable("gone")));
  broken->RunBlocking();
  CHECK(IsUnavailable(broken->status()));
  CHECK(broken->attempts() == 3);
  broken->Release();
  CHECK(world.counters.Read(Verb::kSet).retries == 4);
}

TEST_CASE("what is no use to retry is not retried") {
  World world;
  world.RetryUpTo(-1);
  for (const Status& status :
       {InvalidArgument("no"), Aborted("etag"), NotFound(), Unimplemented("no")}) {
    FakeOperation* operation = world.Make(Ends(status));
    operation->RunBlocking();
    CHECK(operation->attempts() == 1);
    operation->Release();
  }
}

TEST_CASE("an ambiguous failure is retried only when idempotent, and marked as maybe applied") {
  World world;
  world.RetryUpTo(3);
  FakeOperation* once = world.Make(Ends(Lost()));
  once->RunBlocking();
  CHECK(once->attempts() == 1);
  CHECK(once->may_be_applied());
  CHECK(*once->error()->FindDetail("applied") == "maybe");
  CHECK(once->error()->retryability == Retryability::kOnlyIfIdempotent);
  once->Release();
  world.options.is_idempotent = true;
  FakeOperation* again = world.Make(FailsFirst(2, Lost()));
  again->RunBlocking();
  CHECK(again->status().ok());
  CHECK(again->attempts() == 3);
  again->Release();
}

TEST_CASE("one ambiguous try makes the whole maybe applied, however it ends") {
  World world;
  world.RetryUpTo(1);
  world.options.is_idempotent = true;
  FakeOperation* operation = world.Make([](FakeOperation& self, const FakeOperation::End& end) {
    end(self.attempts() == 1 ? Lost() : Aborted("the etag does not match"));
  });
  operation->RunBlocking();
  CHECK(IsAborted(operation->status()));
  CHECK(operation->may_be_applied());
  CHECK(*operation->error()->FindDetail("applied") == "maybe");
  operation->Release();
}

TEST_CASE("no retry begins whose pause would outlast the deadline") {
  World world;
  world.RetryUpTo(-1, 1h);
  world.options.deadline = Deadline::After(world.host->clock().Now(), 5s);
  FakeOperation* operation = world.Make(Ends(Unavailable("gone")));
  operation->RunBlocking();
  CHECK(IsUnavailable(operation->status()));  // the cause, not the deadline
  CHECK(operation->attempts() == 1);
  operation->Release();
}

TEST_CASE("a cancel ends a blocking operation that waits, pauses or has not begun") {
  World world;
  world.RetryUpTo(-1, 1h);
  const bool waits = GENERATE(true, false);
  Moment begun;
  FakeOperation* operation = world.Make([&](FakeOperation& self, const FakeOperation::End& end) {
    begun.Come();
    end(waits ? world.host->Park(self.call()) : Unavailable("gone"));
  });
  operation->Retain();
  std::thread canceller([&] {
    begun.Await();
    operation->Stop(StopCause::kCancelled);
    operation->Release();
  });
  operation->RunBlocking();
  canceller.join();
  CHECK((IsCancelled(operation->status()) || IsUnavailable(operation->status())));
  CHECK((!waits || IsCancelled(operation->status())));
  operation->Release();
  FakeOperation* stopped = world.Make(Ends(OkStatus()));
  stopped->Stop(StopCause::kCancelled);
  stopped->RunBlocking();
  CHECK(IsCancelled(stopped->status()));
  CHECK(stopped->attempts() == 0);
  stopped->Release();
}

TEST_CASE("a queued operation reports to its sink, exactly once, also when it ends inline") {
  World world;
  world.options.token = 7;
  FakeOperation* operation = world.MakeQueued(Ends(OkStatus()));
  CHECK_FALSE(operation->Submit());
  Result* delivered = world.sink->Await();
  REQUIRE(delivered == operation);
  CHECK(delivered->token() == 7);
  CHECK(operation->sink() == nullptr);  // a result keeps no queue
  delivered->Release();
  CHECK(world.alive.load() == 0);
  CHECK(world.sink->count() == 1);
}

TEST_CASE("an operation that may complete inline does so without a delivery") {
  World world;
  world.options.may_complete_inline = true;
  FakeOperation* operation = world.MakeQueued(Ends(OkStatus()));
  CHECK(operation->Submit());
  CHECK(operation->status().ok());
  CHECK(operation->sink() == nullptr);
  CHECK(world.ends.load() == 1);
  CHECK(world.sink->count() == 0);
  operation->Release();
}

TEST_CASE("a try may end on another thread, before or after Attempt has returned") {
  for (int round = 0; round < 300; ++round) {
    World world;
    std::thread other;
    FakeOperation* operation = world.MakeQueued([&](FakeOperation&, const FakeOperation::End& end) {
      other = std::thread([end] { end(OkStatus()); });
    });
    CHECK_FALSE(operation->Submit());
    Result* delivered = world.sink->Await();
    REQUIRE(delivered != nullptr);
    CHECK(delivered->status().ok());
    delivered->Release();
    other.join();
    CHECK(world.alive.load() == 0);
  }
}

TEST_CASE("a queued operation is retried on the pool, whatever its first try ran on") {
  World world;
  world.RetryUpTo(5);
  bool may_block_last = false;
  FakeOperation* operation =
      world.MakeQueued([&](FakeOperation& self, const FakeOperation::End& end) {
        may_block_last = self.call().may_block;
        end(self.attempts() < 3 ? Unavailable("gone") : OkStatus());
      });
  CHECK_FALSE(operation->Submit());
  Result* delivered = world.sink->Await();
  REQUIRE(delivered != nullptr);
  CHECK(delivered->tries() == 3);
  CHECK(may_block_last);
  delivered->Release();
}

// A pool of one thread, which is busy until `go`.
struct BusyWorld {
  BusyWorld() {
    world.host->PostBlocking([this] {
      is_busy.Come();
      go.Await();
    });
    REQUIRE(is_busy.Await());
  }
  ~BusyWorld() { go.Come(); }
  Moment is_busy;
  Moment go;
  World world{HostOptions{.threads = {}, .most_blocking_threads = 1, .host_runs_loop = false}};
};

TEST_CASE("an operation cancelled while no thread is free ends at once and never runs") {
  BusyWorld busy;
  World& world = busy.world;
  world.options.deadline = Deadline::After(world.host->clock().Now(), 1h);
  FakeOperation* operation = world.MakeQueued(Ends(OkStatus()), Execution::kBlocking);
  operation->Retain();
  CHECK_FALSE(operation->Submit());
  operation->Stop(StopCause::kCancelled);
  Result* delivered = world.sink->Await();
  REQUIRE(delivered == operation);
  CHECK(IsCancelled(operation->status()));
  delivered->Release();
  busy.go.Come();
  world.host->pool().Finish();
  CHECK(operation->attempts() == 0);
  operation->Release();
  CHECK(world.alive.load() == 0);  // neither the job nor the deadline's timer keeps it
  CHECK(world.sink->count() == 1);
}

TEST_CASE("the deadline ends an operation while no thread is free") {
  BusyWorld busy;
  World& world = busy.world;
  world.options.deadline = Deadline::After(world.host->clock().Now(), 1h);
  FakeOperation* operation = world.MakeQueued(Ends(OkStatus()), Execution::kBlocking);
  CHECK_FALSE(operation->Submit());
  world.host->AdvanceClock(1h);
  Result* delivered = world.sink->Await();
  REQUIRE(delivered != nullptr);
  CHECK(IsDeadlineExceeded(delivered->status()));
  delivered->Release();
}

TEST_CASE("a try that would block is made again on the pool, within the deadline") {
  World world;
  FakeOperation* operation =
      world.MakeQueued([](FakeOperation& self, const FakeOperation::End& end) {
        end(self.call().may_block ? OkStatus() : WouldBlock());
      });
  CHECK_FALSE(operation->Submit());
  Result* delivered = world.sink->Await();
  REQUIRE(delivered == operation);
  CHECK(delivered->status().ok());
  CHECK(operation->attempts() == 2);
  CHECK(delivered->tries() == 1);  // no retry
  delivered->Release();

  BusyWorld busy;
  busy.world.options.deadline = Deadline::After(busy.world.host->clock().Now(), 1h);
  FakeOperation* late = busy.world.MakeQueued(Ends(WouldBlock()));
  CHECK_FALSE(late->Submit());
  busy.world.host->AdvanceClock(1h);
  delivered = busy.world.sink->Await();
  REQUIRE(delivered == late);
  CHECK(IsDeadlineExceeded(delivered->status()));
  delivered->Release();
}

TEST_CASE("an operation stopped before it is submitted never runs") {
  World world;
  FakeOperation* operation = world.MakeQueued(Ends(OkStatus()), Execution::kBlocking);
  operation->Stop(StopCause::kSuspended);
  CHECK_FALSE(operation->Submit());
  Result* delivered = world.sink->Await();
  REQUIRE(delivered != nullptr);
  CHECK(HasCode(delivered->status(), StatusCode::kSuspended));
  CHECK(world.counters.Read(Verb::kSet).calls == 1);
  delivered->Release();
}

TEST_CASE("an operation cancelled in its pause ends at once, and its timer goes with it") {
  World world;
  world.RetryUpTo(-1, 1h);
  FakeOperation* operation = world.MakeQueued(Ends(Unavailable("gone")));
  operation->Retain();
  CHECK_FALSE(operation->Submit());  // it pauses now
  CHECK(world.sink->count() == 0);
  operation->Stop(StopCause::kCancelled);
  Result* delivered = world.sink->Await();
  REQUIRE(delivered == operation);
  CHECK(IsCancelled(operation->status()));
  delivered->Release();
  operation->Release();
  CHECK(world.alive.load() == 0);
}

TEST_CASE("an operation cancelled while it runs ends as its component says") {
  World world;
  Moment begun;
  FakeOperation* operation = world.MakeQueued(
      [&](FakeOperation& self, const FakeOperation::End& end) {
        begun.Come();
        end(world.host->Park(self.call()));
      },
      Execution::kBlocking);
  operation->Retain();
  CHECK_FALSE(operation->Submit());
  REQUIRE(begun.Await());
  operation->Stop(StopCause::kClosed);
  Result* delivered = world.sink->Await();
  REQUIRE(delivered != nullptr);
  CHECK(HasCode(delivered->status(), StatusCode::kClosed));
  delivered->Release();
  operation->Release();
}

TEST_CASE("a stop at any moment is reported exactly once and leaks nothing") {
  for (int round = 0; round < 200; ++round) {
    World world{HostOptions{.threads = {}, .most_blocking_threads = 2, .host_runs_loop = false}};
    world.RetryUpTo(3, 10us);
    world.options.deadline = Deadline::After(world.host->clock().Now(), 1h);
    FakeOperation* operation =
        world.MakeQueued(FailsFirst(2, Unavailable("gone")),
                         round % 2 == 0 ? Execution::kBlocking : Execution::kQuick);
    operation->Retain();
    std::thread stopper([&] {
      for (int i = 0; i < round; ++i) {
        std::this_thread::yield();
      }
      operation->Stop(StopCause::kCancelled);
    });
    operation->Submit();
    Result* delivered = world.sink->Await();
    REQUIRE(delivered != nullptr);
    stopper.join();
    delivered->Release();
    world.host->pool().Finish();
    world.host->loop().Finish();
    CHECK(operation->finishes() == 1);
    operation->Release();
    CHECK(world.sink->count() == 1);
    CHECK(world.ends.load() == 1);
    CHECK(world.alive.load() == 0);
  }
}

TEST_CASE("a refused operation ends without a try, and lets go of its queue") {
  World world;
  FakeOperation* operation = world.MakeQueued(Ends(OkStatus()));
  operation->Refuse(InvalidArgument("no key"));
  CHECK(IsInvalidArgument(operation->status()));
  CHECK(operation->attempts() == 0);
  CHECK(operation->sink() == nullptr);
  CHECK(world.ends.load() == 1);
  operation->Release();
  CHECK(world.sink->count() == 0);
}

struct Released {
  std::atomic<int> count{0};
  static void Run(void* self) { static_cast<Released*>(self)->count.fetch_add(1); }
};

TEST_CASE("lent inputs are released once: by the blocking caller, or not before delivery") {
  World world;
  Released blocking;
  FakeOperation* here = world.Make(Ends(OkStatus()));
  here->inputs().Keep({"bytes", Released::Run, &blocking}, true);
  here->RunBlocking();
  CHECK(blocking.count.load() == 1);
  here->Release();
  CHECK(blocking.count.load() == 1);

  Released queued;
  FakeOperation* there = world.MakeQueued(Ends(OkStatus()));
  there->inputs().Keep({"bytes", Released::Run, &queued}, true);
  CHECK_FALSE(there->Submit());
  Result* delivered = world.sink->Await();
  REQUIRE(delivered != nullptr);
  CHECK(queued.count.load() == 0);  // the poller's to run
  CHECK(delivered->OnTaken({}));
  CHECK(queued.count.load() == 1);
  delivered->Release();
  CHECK(queued.count.load() == 1);
}

TEST_CASE("metadata and trace parent outlive the caller's when they must be copied") {
  World world;
  std::string name = "name";
  std::string value = "value";
  std::string parent = "00-trace";
  const std::vector<std::pair<std::string_view, std::string_view>> metadata{{name, value}};
  world.options.metadata = metadata;
  world.options.traceparent = parent;
  world.options.must_copy = true;
  FakeOperation* operation = world.Make(Ends(OkStatus()));
  name = "####";
  value = "#####";
  parent = "########";
  REQUIRE(operation->call().metadata.size() == 1);
  CHECK(operation->call().metadata[0].first == "name");
  CHECK(operation->call().metadata[0].second == "value");
  CHECK(operation->call().traceparent == "00-trace");
  operation->RunBlocking();
  operation->Release();
}

TEST_CASE("an id finds its operation until it is removed, and never another") {
  World world;
  OperationTable table;
  FakeOperation* first = world.Make(Ends(OkStatus()));
  FakeOperation* second = world.Make(Ends(OkStatus()));
  const uint64_t id = table.Add(first);
  CHECK(id != 0);
  Operation* found = table.Find(id);
  REQUIRE(found == first);
  found->Release();
  table.Remove(id);
  CHECK(table.Find(id) == nullptr);
  const uint64_t reused = table.Add(second);
  CHECK(reused != id);
  CHECK(table.Find(id) == nullptr);
  table.Remove(id);  // stale: does nothing
  CHECK(table.size() == 1);
  CHECK(table.Find(0) == nullptr);
  CHECK(table.Find(~uint64_t{0}) == nullptr);
  first->Release();
  second->Release();
}

TEST_CASE("a table stops all, or those of one sink") {
  World world;
  OperationTable table;
  auto other_sink = std::make_shared<test::FakeSink>();
  FakeOperation* mine = world.MakeQueued(Ends(OkStatus()));
  world.options.sink = other_sink;
  FakeOperation* other = world.Make(Ends(OkStatus()));
  table.Add(mine);
  table.Add(other);
  table.StopAllOf(world.sink.get());
  CHECK(mine->call().waiter->stop_cause() == StopCause::kCancelled);
  CHECK(other->call().waiter->stop_cause() == StopCause::kNone);
  table.StopAll(StopCause::kClosed);
  CHECK(other->call().waiter->stop_cause() == StopCause::kClosed);
  mine->Release();
  other->Release();
}

}  // namespace
}  // namespace mecha
