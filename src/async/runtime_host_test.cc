// SPDX-License-Identifier: Apache-2.0
#include "async/runtime_host.h"

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "result/status.h"
#include "support/catch.h"
#include "support/moment.h"

namespace mecha {
namespace {

using namespace std::chrono_literals;
using test::AwaitThat;
using test::Moment;

class SocketPair {
 public:
  SocketPair() { REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds_.data()) == 0); }
  ~SocketPair() {
    close(fds_[0]);
    close(fds_[1]);
  }
  SocketPair(const SocketPair&) = delete;
  SocketPair& operator=(const SocketPair&) = delete;
  int near_end() const { return fds_[0]; }
  bool Send() const { return write(fds_[1], "x", 1) == 1; }
  void CloseFarEnd() const { shutdown(fds_[1], SHUT_RDWR); }
  void SetPatience(std::chrono::microseconds time) const {
    timeval patience{};
    patience.tv_usec = time.count();
    setsockopt(fds_[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }

 private:
  std::array<int, 2> fds_{};
};

// A call of its own on a host of its own.
struct HostWorld {
  HostWorld() {
    call.waiter = &waiter;
    call.may_block = true;
  }
  RuntimeHost host{HostOptions{}};
  Waiter waiter;
  CallContext call;
};

TEST_CASE("Wait returns when the socket is ready") {
  HostWorld world;
  const SocketPair sockets;
  CHECK(world.host.Wait(world.call, sockets.near_end(), POLLOUT).ok());
  std::thread sender([&] { sockets.Send(); });
  CHECK(world.host.Wait(world.call, sockets.near_end(), POLLIN).ok());
  sender.join();
}

TEST_CASE("Wait ends with the deadline, also one that a moved clock reached") {
  HostWorld world;
  const SocketPair sockets;
  world.call.deadline = Deadline::After(world.host.clock().Now(), 2ms);
  CHECK(IsDeadlineExceeded(world.host.Wait(world.call, sockets.near_end(), POLLIN)));
  world.call.deadline = Deadline::After(world.host.clock().Now(), 1h);
  std::thread mover([&] { world.host.AdvanceClock(1h); });
  CHECK(IsDeadlineExceeded(world.host.Wait(world.call, sockets.near_end(), POLLIN)));
  mover.join();
}

TEST_CASE("Wait ends when the call is stopped, before it and during it") {
  for (int round = 0; round < 100; ++round) {
    HostWorld world;
    const SocketPair sockets;
    std::thread stopper([&] { world.waiter.Stop(StopCause::kCancelled); });
    CHECK(IsCancelled(world.host.Wait(world.call, sockets.near_end(), POLLIN)));
    stopper.join();
  }
}

TEST_CASE("WaitOnSocket ends when the socket is ready, with the deadline and with the server") {
  HostWorld world;
  const SocketPair sockets;
  CHECK(world.host.WaitOnSocket(world.call, sockets.near_end(), POLLOUT).ok());
  std::thread sender([&] { sockets.Send(); });
  CHECK(world.host.WaitOnSocket(world.call, sockets.near_end(), POLLIN).ok());
  sender.join();
  std::array<char, 8> bytes{};
  CHECK(*world.host.Receive(world.call, sockets.near_end(), bytes) == 1);
  world.call.deadline = Deadline::After(world.host.clock().Now(), 2ms);
  CHECK(IsDeadlineExceeded(world.host.WaitOnSocket(world.call, sockets.near_end(), POLLIN)));
  CHECK(sockets.Send());
  sockets.CloseFarEnd();
  CHECK(world.host.WaitOnSocket(world.call, sockets.near_end(), POLLIN).ok());
}

TEST_CASE("a stop ends WaitOnSocket, before it and during it, also when bytes came with it") {
  for (int round = 0; round < 200; ++round) {
    HostWorld world;
    const SocketPair sockets;
    std::thread stopper([&] {
      if (round % 2 == 1) {
        sockets.Send();
      }
      world.host.waiting().StopAll(StopCause::kSuspended);
    });
    const Status status = world.host.WaitOnSocket(world.call, sockets.near_end(), POLLIN);
    stopper.join();
    CHECK(
        (status.ok() ? round % 2 == 1 && sockets.Send() : HasCode(status, StatusCode::kSuspended)));
  }
}

TEST_CASE("Receive returns bytes, the end, or that the socket's time passed") {
  HostWorld world;
  const SocketPair sockets;
  std::array<char, 8> bytes{};
  std::thread sender([&] { sockets.Send(); });
  CHECK(*world.host.Receive(world.call, sockets.near_end(), bytes) == 1);
  CHECK(bytes[0] == 'x');
  sender.join();
  sockets.SetPatience(2ms);
  CHECK(IsDeadlineExceeded(world.host.Receive(world.call, sockets.near_end(), bytes).status()));
  sockets.CloseFarEnd();
  CHECK(*world.host.Receive(world.call, sockets.near_end(), bytes) == 0);
  CHECK(*world.host.Receive(world.call, -1, bytes) == -1);
  CHECK(errno == EBADF);
}

TEST_CASE("a stop ends Receive, before it and during it, also when bytes came with it") {
  for (int round = 0; round < 200; ++round) {
    HostWorld world;
    const SocketPair sockets;
    std::thread stopper([&] {
      if (round % 2 == 1) {
        sockets.Send();
      }
      world.host.waiting().StopAll(StopCause::kSuspended);
    });
    std::array<char, 8> bytes{};
    const auto received = world.host.Receive(world.call, sockets.near_end(), bytes);
    stopper.join();
    // Bytes are given only where the socket still works.
    CHECK((received.ok() ? round % 2 == 1 && sockets.Send()
                         : HasCode(received.status(), StatusCode::kSuspended)));
  }
}

TEST_CASE("Wait notices a stop without a wake descriptor") {
  HostWorld world;
  const SocketPair sockets;
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit none = before;
  none.rlim_cur = 0;
  // The thread begins before the limit falls and ends after: a sanitizer needs descriptors then.
  Moment runs;
  Moment begun;
  Moment restored;
  std::thread stopper([&] {
    runs.Come();
    begun.Await();
    world.waiter.Stop(StopCause::kSuspended);
    restored.Await();
  });
  REQUIRE(runs.Await());
  REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  begun.Come();
  const Status status = world.host.Wait(world.call, -1, 0);
  setrlimit(RLIMIT_NOFILE, &before);
  restored.Come();
  stopper.join();
  CHECK(HasCode(status, StatusCode::kSuspended));
}

TEST_CASE("Park ends with a notification, a stop of all, and the moved clock") {
  HostWorld world;
  std::thread notifier([&] { world.waiter.Notify(); });
  CHECK(world.host.Park(world.call).ok());
  notifier.join();
  world.waiter.ResetNotification();

  world.call.deadline = Deadline::After(world.host.clock().Now(), 1h);
  std::thread mover([&] { world.host.AdvanceClock(1h); });
  CHECK(IsDeadlineExceeded(world.host.Park(world.call)));
  mover.join();

  world.call.deadline = Deadline::Never();
  std::thread stopper([&] { world.host.waiting().StopAll(StopCause::kSuspended); });
  CHECK(HasCode(world.host.Park(world.call), StatusCode::kSuspended));
  stopper.join();
}

TEST_CASE("Sleep takes its whole time, or ends with the deadline or a stop") {
  HostWorld world;
  const SteadyTime before = world.host.clock().Now();
  CHECK(world.host.Sleep(world.call, 2ms).ok());
  CHECK(world.host.clock().Now() - before >= 2ms);
  world.call.deadline = Deadline::After(world.host.clock().Now(), 1ms);
  CHECK(IsDeadlineExceeded(world.host.Sleep(world.call, 1h)));
  world.call.deadline = Deadline::Never();
  world.waiter.Stop(StopCause::kClosed);
  CHECK(HasCode(world.host.Sleep(world.call, 1h), StatusCode::kClosed));
}

TEST_CASE("a signal during Wait asks the interrupt, whose yes cancels") {
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = [](int) {};
  sigaction(SIGUSR1, &action, &before);
  HostWorld world;
  const SocketPair sockets;
  std::atomic<int> asked{0};
  world.call.interrupt = {[](void* user) {
                            static_cast<std::atomic<int>*>(user)->fetch_add(1);
                            return 1;
                          },
                          &asked};
  std::atomic<bool> has_ended{false};
  const pthread_t self = pthread_self();
  std::thread other([&] {
    while (!has_ended.load()) {
      pthread_kill(self, SIGUSR1);
      std::this_thread::yield();
    }
  });
  const Status status = world.host.Wait(world.call, sockets.near_end(), POLLIN);
  has_ended.store(true);
  other.join();
  sigaction(SIGUSR1, &before, nullptr);
  CHECK(IsCancelled(status));
  CHECK(asked.load() == 1);
}

TEST_CASE("a host starts no thread before there is work for one") {
  RuntimeHost host{HostOptions{}};
  CHECK_FALSE(host.loop().has_thread());
  CHECK(host.pool().thread_count() == 0);
}

TEST_CASE("blocking jobs run on the pool, or inside Run where the host lends threads") {
  RuntimeHost own{HostOptions{}};
  Moment ran;
  bool is_at_work = false;
  bool must_not_block = true;
  own.PostBlocking([&] {
    is_at_work = own.IsAtWork();
    must_not_block = own.IsRuntimeThread();
    ran.Come();
  });
  REQUIRE(ran.Await());
  CHECK(is_at_work);
  CHECK_FALSE(must_not_block);

  HostOptions options;
  options.host_runs_loop = true;
  RuntimeHost lent{options};
  is_at_work = false;
  must_not_block = true;
  lent.PostBlocking([&] {
    is_at_work = lent.IsAtWork();
    must_not_block = lent.IsRuntimeThread();
  });
  CHECK(lent.pool().thread_count() == 0);
  CHECK(lent.loop().Run(0ms) == 1);
  CHECK(is_at_work);
  CHECK_FALSE(must_not_block);
  CHECK_FALSE(lent.IsAtWork());
}

TEST_CASE("random bytes are filled to the last one") {
  RuntimeHost host{HostOptions{}};
  std::array<unsigned char, 600> bytes{};
  bool last_changed = false;
  for (int i = 0; i < 20 && !last_changed; ++i) {
    host.Random(bytes);
    last_changed = bytes.back() != 0;
  }
  CHECK(last_changed);
}

}  // namespace
}  // namespace mecha
