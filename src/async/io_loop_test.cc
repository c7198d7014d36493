// SPDX-License-Identifier: Apache-2.0
#include "async/io_loop.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "support/catch.h"
#include "support/moment.h"

namespace mecha {
namespace {

using namespace std::chrono_literals;
using test::AwaitThat;
using test::Moment;

constexpr bool kOwnThread = false;
constexpr bool kHostRuns = true;

struct Loop {
  explicit Loop(bool host_runs) : loop(clock, options, host_runs) {}
  Clock clock;
  ThreadOptions options;
  IoLoop loop;
};

bool IsReadable(int fd) {
  pollfd polled{fd, POLLIN, 0};
  return poll(&polled, 1, 0) == 1;
}

TEST_CASE("a loop starts its thread with the first job, and its jobs know where they run") {
  Loop world(kOwnThread);
  CHECK_FALSE(world.loop.has_thread());
  Moment ran;
  bool is_own = false;
  world.loop.Post([&] {
    is_own = world.loop.IsCurrentThread();
    ran.Come();
  });
  REQUIRE(ran.Await());
  CHECK(is_own);
  CHECK(world.loop.has_thread());
  CHECK_FALSE(world.loop.IsCurrentThread());
}

TEST_CASE("posted jobs run in order, also those posted by jobs") {
  Loop world(kOwnThread);
  Moment end;
  std::string order;
  world.loop.Post([&] {
    order += 'a';
    world.loop.Post([&] {
      order += 'c';
      end.Come();
    });
    order += 'b';
  });
  REQUIRE(end.Await());
  CHECK(order == "abc");
}

TEST_CASE("a timer runs after its delay, never inside RunAfter") {
  Loop world(kOwnThread);
  Moment ran;
  const SteadyTime before = world.clock.Now();
  SteadyTime at{};
  world.loop.RunAfter(3ms, [&] {
    at = world.clock.Now();
    ran.Come();
  });
  REQUIRE(ran.Await());
  CHECK(at - before >= 3ms);
}

TEST_CASE("moving the clock makes timers due, and those not yet due come sooner") {
  Loop world(kOwnThread);
  Moment first;
  Moment second;
  world.loop.RunAfter(1h, [&] { first.Come(); });
  world.loop.RunAfter(2h, [&] { second.Come(); });
  world.clock.Advance(1h);
  world.loop.Wake();
  CHECK(first.Await());
  CHECK(second.count() == 0);
  // All but 20 ms: nobody wakes the loop again, so it must have set its timer anew.
  world.clock.Advance(1h - 20ms);
  world.loop.Wake();
  CHECK(second.Await());
}

TEST_CASE("a cancelled timer does not run, and its job is freed outside the loop's lock") {
  Loop world(kOwnThread);
  // Asks the loop when it goes, as an operation's inputs may.
  struct Asks {
    explicit Asks(IoLoop& asked) : loop(&asked) {}
    Asks(Asks&& other) noexcept : loop(std::exchange(other.loop, nullptr)) {}
    ~Asks() {
      if (loop != nullptr) {
        loop->has_thread();
      }
    }
    IoLoop* loop;
  };
  std::atomic<bool> ran{false};
  const uint64_t timer =
      world.loop.RunAfter(1h, [&ran, asks = Asks(world.loop)] { ran.store(true); });
  CHECK(world.loop.CancelTimer(timer));
  CHECK_FALSE(world.loop.CancelTimer(timer));
  world.loop.RunAfter(2h, [asks = Asks(world.loop)] {});
  world.loop.Finish();
  CHECK_FALSE(ran.load());
}

TEST_CASE("a timer that was cancelled does not delay the ones after it") {
  Loop world(kOwnThread);
  Moment ran;
  const uint64_t early = world.loop.RunAfter(2ms, [] {});
  world.loop.RunAfter(4ms, [&] { ran.Come(); });
  world.loop.CancelTimer(early);
  CHECK(ran.Await());
}

TEST_CASE("a stopped loop keeps its work for Resume") {
  Loop world(kOwnThread);
  Moment ran;
  world.loop.RunAfter(1ms, [&] { ran.Come(); });
  world.loop.Stop();
  const int ran_before = ran.count();
  CHECK_FALSE(world.loop.has_thread());
  if (ran_before == 0) {
    world.loop.Resume();
  }
  CHECK(ran.Await());
}

TEST_CASE("Finish runs what was posted and drops what was timed") {
  Loop world(kHostRuns);  // nobody else runs the jobs
  int posted = 0;
  bool timed = false;
  world.loop.Post([&] { ++posted; });
  world.loop.Post([&] { ++posted; });
  world.loop.RunAfter(0ms, [&] { timed = true; });
  world.loop.Finish();
  CHECK(posted == 2);
  CHECK_FALSE(timed);
}

TEST_CASE("a stop at any moment of the thread's start ends it") {
  for (int round = 0; round < 2000; ++round) {
    Loop world(kOwnThread);
    world.loop.RunAfter(1h, [] {});
    const SteadyTime end = world.clock.Now() + round * 50ns;  // a thread starts in 20 to 100 us
    while (world.clock.Now() < end) {
    }
    world.loop.Finish();
    CHECK_FALSE(world.loop.has_thread());
  }
}

TEST_CASE("where the host runs the loop, Run does what is due and the descriptor tells so") {
  Loop world(kHostRuns);
  const int fd = world.loop.Descriptor();
  REQUIRE(fd >= 0);
  CHECK(world.loop.Run(0ms) == 0);
  CHECK_FALSE(IsReadable(fd));
  int ran = 0;
  bool is_own = false;
  world.loop.Post([&] { ++ran; });
  world.loop.Post([&] {
    ++ran;
    is_own = world.loop.IsCurrentThread();
  });
  CHECK(ran == 0);
  CHECK(IsReadable(fd));
  CHECK(world.loop.Run(0ms) == 2);
  CHECK(ran == 2);
  CHECK(is_own);
  CHECK_FALSE(world.loop.IsCurrentThread());
  CHECK_FALSE(world.loop.has_thread());
  world.loop.Run(0ms);
  CHECK_FALSE(IsReadable(fd));
}

TEST_CASE("a lent thread waits for a timer, and a moved clock shows on the descriptor") {
  Loop world(kHostRuns);
  int ran = 0;
  world.loop.RunAfter(2ms, [&] { ++ran; });
  while (ran == 0) {
    world.loop.Run(-1ms);
  }
  world.loop.RunAfter(1h, [&] { ++ran; });
  world.loop.Run(0ms);
  world.clock.Advance(1h);
  world.loop.Wake();
  CHECK(IsReadable(world.loop.Descriptor()));
  CHECK(world.loop.Run(-1ms) == 1);
  CHECK(ran == 2);
}

TEST_CASE("several lent threads share the work: one job may wait for another") {
  Loop world(kHostRuns);
  Moment second_ran;
  Moment first_ran;
  bool did_meet = false;
  world.loop.Post([&] {
    did_meet = second_ran.Await();
    first_ran.Come();
  });
  world.loop.Post([&] { second_ran.Come(); });
  const auto lend = [&] {
    while (first_ran.count() == 0) {
      world.loop.Run(5ms);
    }
  };
  std::thread one(lend);
  std::thread two(lend);
  one.join();
  two.join();
  CHECK(did_meet);
}

TEST_CASE("Finish wakes every lent thread that waits") {
  Loop world(kHostRuns);
  std::atomic<int> inside{0};
  const auto lend = [&] {
    inside.fetch_add(1);
    world.loop.Run(-1ms);
  };
  std::thread one(lend);
  std::thread two(lend);
  std::thread three(lend);
  REQUIRE(AwaitThat([&] { return inside.load() == 3; }));
  world.loop.Finish();
  one.join();
  two.join();
  three.join();
  CHECK(world.loop.Run(-1ms) == 0);
}

TEST_CASE("Stop waits for the jobs that run on lent threads") {
  Loop world(kHostRuns);
  Moment begun;
  Moment go;
  std::atomic<bool> has_ended{false};
  world.loop.Post([&] {
    begun.Come();
    go.Await();
    has_ended.store(true);
  });
  std::thread lent([&] { world.loop.Run(-1ms); });
  REQUIRE(begun.Await());
  std::atomic<bool> had_ended{false};
  std::thread stopper([&] {
    world.loop.Stop();
    had_ended.store(has_ended.load());
  });
  go.Come();
  stopper.join();
  lent.join();
  CHECK(had_ended.load());
}

TEST_CASE("a job that may block is inside Run but not on a thread that must not block") {
  Loop world(kHostRuns);
  std::string seen;
  world.loop.Post([&] {
    world.loop.RunBlocking([&] {
      seen += world.loop.IsCurrentThread() ? 'n' : 'b';
      seen += world.loop.IsInsideRun() ? 'i' : 'o';
      world.loop.Post([&] { seen += world.loop.IsCurrentThread() ? 'n' : 'b'; });
      world.loop.Run(0ms);  // nested: an ordinary job again
      seen += world.loop.IsCurrentThread() ? 'n' : 'b';
    });
    seen += world.loop.IsCurrentThread() ? 'n' : 'b';
  });
  world.loop.Run(0ms);
  CHECK(seen == "binbn");
  CHECK_FALSE(world.loop.IsInsideRun());
}

TEST_CASE("what is kept for the end of a turn runs after the jobs and callbacks of that turn") {
  Loop world(kOwnThread);
  Moment blocked;
  Moment go;
  Moment end;
  std::string order;
  bool was_taken = false;
  world.loop.Post([&] {
    blocked.Come();
    go.Await();
  });
  REQUIRE(blocked.Await());
  // Both come in one turn, while the loop is busy.
  world.loop.Post([&] {
    order += 'a';
    was_taken = world.loop.RunAtTurnEnd([&] {
      order += 'e';
      // Kept while the turn ends: still of this turn, and before what was posted meanwhile.
      world.loop.Post([&] { order += 'n'; });
      world.loop.RunAtTurnEnd([&] { order += 'f'; });
    });
  });
  world.loop.Post([&] { order += 'b'; });
  go.Come();
  const int fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
  const uint64_t watch = world.loop.Watch(fd, [&](short) {
    uint64_t count = 0;
    [[maybe_unused]] const ssize_t bytes = read(fd, &count, sizeof count);
    world.loop.RunAtTurnEnd([&] {
      order += 'w';
      end.Come();
    });
    order += 'c';
  });
  CHECK(AwaitThat([&] {
    Moment looked;
    bool has_ended = false;
    world.loop.Post([&] {
      has_ended = order.find('n') != order.npos;
      looked.Come();
    });
    return looked.Await() && has_ended;
  }));
  world.loop.Await(watch, POLLIN);
  REQUIRE(end.Await());
  world.loop.Unwatch(watch);
  close(fd);
  CHECK(was_taken);
  CHECK(order == "abefncw");
}

TEST_CASE("elsewhere than on the loop's own thread nothing is kept for the end of a turn") {
  Loop own(kOwnThread);
  bool ran = false;
  CHECK_FALSE(own.loop.RunAtTurnEnd([&] { ran = true; }));
  Loop lent(kHostRuns);
  bool was_taken = true;
  lent.loop.Post([&] { was_taken = lent.loop.RunAtTurnEnd([&] { ran = true; }); });
  CHECK(lent.loop.Run(0ms) == 1);
  CHECK_FALSE(was_taken);
  CHECK_FALSE(ran);
}

TEST_CASE("a loop without a descriptor to open runs its work once it can") {
  Loop world(kHostRuns);
  CHECK(world.loop.Run(0ms) == 0);
  world.loop.Stop();
  bool ran = false;
  world.loop.Post([&] { ran = true; });
  CHECK(world.loop.Run(0ms) == 1);
  CHECK(ran);
}

}  // namespace
}  // namespace mecha
