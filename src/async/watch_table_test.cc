// SPDX-License-Identifier: Apache-2.0
// Watched descriptors, through the loop that serves them.
#include "async/watch_table.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "async/io_loop.h"
#include "support/catch.h"
#include "support/moment.h"

namespace mecha {
namespace {

using namespace std::chrono_literals;
using test::AwaitThat;
using test::Moment;

struct WatchWorld {
  explicit WatchWorld(bool host_runs = false) : loop(clock, options, host_runs) {
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds.data()) == 0);
  }
  ~WatchWorld() {
    close(fds[0]);
    close(fds[1]);
  }
  bool Send() const { return write(fds[1], "x", 1) == 1; }
  int Drain() const {
    std::array<char, 64> bytes{};
    return static_cast<int>(read(fds[0], bytes.data(), bytes.size()));
  }
  // Lets the loop look at its descriptors once more.
  void Turn() {
    for (int i = 0; i < 2; ++i) {
      Moment turned;
      loop.Post([&] { turned.Come(); });
      REQUIRE(turned.Await());
    }
  }
  Clock clock;
  ThreadOptions options;
  IoLoop loop;
  std::array<int, 2> fds{};
};

TEST_CASE("a watch calls back on the loop's thread while what it awaits is there") {
  WatchWorld world;
  Moment ready;
  std::atomic<bool> was_own{false};
  const uint64_t watch = world.loop.Watch(world.fds[0], [&](short events) {
    was_own.store(world.loop.IsCurrentThread() && events == POLLIN);
    world.Drain();
    ready.Come();
  });
  REQUIRE(world.Send());
  world.Turn();
  CHECK(ready.count() == 0);  // nothing is awaited yet
  world.loop.Await(watch, POLLIN);
  REQUIRE(ready.Await());
  CHECK(was_own.load());
  REQUIRE(world.Send());
  CHECK(AwaitThat([&] { return ready.count() == 2; }));
  world.loop.Unwatch(watch);
  REQUIRE(world.Send());
  world.Turn();
  CHECK(ready.count() == 2);
}

TEST_CASE("a watch may change what it awaits, and end itself, inside its callback") {
  WatchWorld world;
  Moment ended;
  std::atomic<int> writes{0};
  uint64_t watch = 0;
  watch = world.loop.Watch(world.fds[0], [&](short events) {
    if ((events & POLLOUT) != 0) {
      writes.fetch_add(1);
      world.loop.Await(watch, POLLIN);
      return;
    }
    world.loop.Unwatch(watch);
    ended.Come();
  });
  world.loop.Await(watch, POLLOUT);
  CHECK(AwaitThat([&] { return writes.load() == 1; }));
  REQUIRE(world.Send());
  REQUIRE(ended.Await());
  CHECK(writes.load() == 1);
}

TEST_CASE("a hang-up shows as ready for both") {
  WatchWorld world;
  Moment ready;
  std::atomic<int> seen{0};
  const uint64_t watch = world.loop.Watch(world.fds[0], [&](short events) {
    seen.store(events);
    world.loop.Await(watch, 0);
    ready.Come();
  });
  world.loop.Await(watch, POLLIN);
  shutdown(world.fds[1], SHUT_RDWR);
  REQUIRE(ready.Await());
  CHECK(seen.load() == (POLLIN | POLLOUT));
  world.loop.Unwatch(watch);
}

TEST_CASE("Unwatch waits for a callback that runs, and none runs afterwards") {
  for (int round = 0; round < 200; ++round) {
    WatchWorld world;
    auto alive = std::make_unique<std::atomic<int>>(0);
    const uint64_t watch = world.loop.Watch(world.fds[0], [&world, counter = alive.get()](short) {
      counter->fetch_add(1);  // a sanitizer sees a late one
      world.Drain();
    });
    world.loop.Await(watch, POLLIN);
    world.Send();
    world.loop.Unwatch(watch);
    alive.reset();
  }
}

TEST_CASE("a loop that was stopped serves its watches again when it goes on") {
  WatchWorld world;
  Moment ready;
  const uint64_t watch = world.loop.Watch(world.fds[0], [&](short) {
    world.Drain();
    ready.Come();
  });
  world.loop.Await(watch, POLLIN);
  world.loop.Stop();
  REQUIRE(world.Send());
  CHECK(ready.count() == 0);
  world.loop.Post([] {});
  CHECK(ready.Await());
  world.loop.Unwatch(watch);
}

TEST_CASE("lent threads serve a watch one at a time") {
  WatchWorld world(true);
  std::atomic<int> inside{0};
  std::atomic<int> served{0};
  std::atomic<bool> were_two{false};
  const uint64_t watch = world.loop.Watch(world.fds[0], [&](short) {
    were_two.store(were_two.load() || inside.fetch_add(1) != 0);
    std::this_thread::sleep_for(100us);
    served.fetch_add(world.Drain() > 0 ? 1 : 0);
    inside.fetch_sub(1);
  });
  world.loop.Await(watch, POLLIN);
  std::atomic<bool> has_ended{false};
  std::array<std::thread, 3> threads;
  for (std::thread& thread : threads) {
    thread = std::thread([&] {
      while (!has_ended.load()) {
        world.loop.Run(1ms);
      }
    });
  }
  for (int i = 0; i < 50; ++i) {
    const int before = served.load();
    world.Send();
    CHECK(AwaitThat([&] { return served.load() > before; }));
  }
  has_ended.store(true);
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK_FALSE(were_two.load());
  world.loop.Unwatch(watch);
}

}  // namespace
}  // namespace mecha
