// SPDX-License-Identifier: Apache-2.0
#include "call/waiter.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <thread>

#include "result/status.h"
#include "support/catch.h"

namespace mecha {
namespace {

using namespace std::chrono_literals;

const Clock kClock;

bool IsReadable(int fd) {
  uint64_t count = 0;
  return read(fd, &count, sizeof count) == sizeof count;
}

TEST_CASE("Park returns at once when the notification came first") {
  Waiter waiter;
  waiter.Notify();
  CHECK(waiter.Park(kClock, Deadline::Never(), {}).ok());
  waiter.ResetNotification();
  CHECK_FALSE(waiter.is_notified());
  CHECK(IsDeadlineExceeded(waiter.Park(kClock, Deadline::After(kClock.Now(), 1ms), {})));
}

TEST_CASE("Notify from another thread ends a Park that has no deadline") {
  for (int round = 0; round < 200; ++round) {
    Waiter waiter;
    std::thread other([&] { waiter.Notify(); });
    CHECK(waiter.Park(kClock, Deadline::Never(), {}).ok());
    other.join();
  }
}

TEST_CASE("the first stop cause stays, and tells the status of Park") {
  Waiter waiter;
  std::thread other([&] {
    waiter.Stop(StopCause::kSuspended);
    waiter.Stop(StopCause::kCancelled);
  });
  CHECK(HasCode(waiter.Park(kClock, Deadline::Never(), {}), StatusCode::kSuspended));
  other.join();
  CHECK(waiter.stop_cause() == StopCause::kSuspended);
  CHECK(HasCode(waiter.Check(), StatusCode::kSuspended));
}

TEST_CASE("a notification wins over a stop, and forgetting it does not forget the stop") {
  Waiter waiter;
  waiter.Stop(StopCause::kClosed);
  waiter.Notify();
  CHECK(waiter.Park(kClock, Deadline::Never(), {}).ok());
  waiter.ResetNotification();
  CHECK(HasCode(waiter.Park(kClock, Deadline::Never(), {}), StatusCode::kClosed));
}

TEST_CASE("every stop cause has its own status") {
  CHECK(StatusOf(StopCause::kNone).ok());
  CHECK(IsCancelled(StatusOf(StopCause::kCancelled)));
  CHECK(HasCode(StatusOf(StopCause::kSuspended), StatusCode::kSuspended));
  CHECK(HasCode(StatusOf(StopCause::kClosed), StatusCode::kClosed));
}

TEST_CASE("Stop and Nudge write to the wake descriptor that is set, and to no other") {
  const int first = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  const int second = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  Waiter waiter;
  waiter.SetWakeFd(first);
  waiter.Nudge();
  CHECK(IsReadable(first));
  waiter.SetWakeFd(second);
  waiter.Stop(StopCause::kCancelled);
  CHECK(IsReadable(second));
  CHECK_FALSE(IsReadable(first));
  waiter.SetWakeFd(-1);
  waiter.Nudge();
  CHECK_FALSE(IsReadable(second));
  close(first);
  close(second);
}

TEST_CASE("Stop shuts down the socket that is set, and Nudge leaves it alone") {
  int sockets[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) == 0);
  Waiter waiter;
  waiter.SetWakeSocket(sockets[0]);
  waiter.Nudge();
  CHECK(write(sockets[1], "x", 1) == 1);
  waiter.Stop(StopCause::kCancelled);
  char bytes[2];
  CHECK(read(sockets[0], bytes, 2) == 1);
  CHECK(read(sockets[0], bytes, 2) == 0);
  waiter.SetWakeFd(-1);
  close(sockets[0]);
  close(sockets[1]);
}

TEST_CASE("Stop calls the listener that is set, once, and not one that is gone") {
  struct Counting final : StopListener {
    void OnStop() override { count.fetch_add(1); }
    std::atomic<int> count{0};
  };
  Counting set;
  Waiter waiter;
  waiter.SetStopListener(&set);
  waiter.Nudge();
  CHECK(set.count.load() == 0);
  waiter.Stop(StopCause::kCancelled);
  waiter.Stop(StopCause::kClosed);
  CHECK(set.count.load() == 1);
  for (int round = 0; round < 200; ++round) {
    Waiter raced;
    auto gone = std::make_unique<Counting>();
    raced.SetStopListener(gone.get());
    std::thread stopper([&] { raced.Stop(StopCause::kCancelled); });
    raced.SetStopListener(nullptr);
    gone.reset();  // a sanitizer sees a late call
    stopper.join();
  }
}

TEST_CASE("a nudge changes neither cause nor notification") {
  Waiter waiter;
  waiter.Stop(StopCause::kSuspended);
  for (int i = 0; i < 1000; ++i) {
    waiter.Nudge();
  }
  CHECK(waiter.stop_cause() == StopCause::kSuspended);
  CHECK_FALSE(waiter.is_notified());
}

TEST_CASE("after SetWakeFd nobody writes to the descriptor before") {
  // The other thread writes all the time; a closed descriptor's number would be a pipe's by then.
  int pipe_fds[2];
  for (int round = 0; round < 200; ++round) {
    Waiter waiter;
    const int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    waiter.SetWakeFd(wake);
    std::thread other([&] {
      for (int i = 0; i < 50; ++i) {
        waiter.Nudge();
      }
    });
    waiter.SetWakeFd(-1);
    close(wake);
    REQUIRE(pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) == 0);
    other.join();
    char byte = 0;
    CHECK(read(pipe_fds[0], &byte, 1) == -1);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
  }
}

// A handler without SA_RESTART, for as long as it lives.
class SignalHandler {
 public:
  SignalHandler() {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    sigaction(SIGUSR1, &action, &before_);
  }
  ~SignalHandler() { sigaction(SIGUSR1, &before_, nullptr); }

 private:
  struct sigaction before_ {};
};

TEST_CASE("a signal asks the interrupt on the waiting thread, whose yes cancels") {
  const SignalHandler handler;
  struct Asked {
    pthread_t thread;
    std::atomic<int> count{0};
  } asked;
  const Interrupt interrupt{[](void* user) {
                              auto* seen = static_cast<Asked*>(user);
                              seen->thread = pthread_self();
                              return seen->count.fetch_add(1) == 1 ? 1 : 0;
                            },
                            &asked};
  Waiter waiter;
  std::atomic<bool> has_ended{false};
  const pthread_t self = pthread_self();
  std::thread other([&] {
    while (!has_ended.load()) {
      pthread_kill(self, SIGUSR1);
      std::this_thread::yield();
    }
  });
  const Status status = waiter.Park(kClock, Deadline::Never(), interrupt);
  has_ended.store(true);
  other.join();
  CHECK(IsCancelled(status));
  CHECK(asked.count.load() == 2);  // the first answer was no
  CHECK(pthread_equal(asked.thread, self));
}

}  // namespace
}  // namespace mecha
