// SPDX-License-Identifier: Apache-2.0
#include "async/runtime_host.h"

#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <optional>
#include <string>
#include <utility>

#include "result/status.h"
#include "result/status_or.h"

namespace mecha {
namespace {

constexpr Duration kLongestWait = std::chrono::seconds(60);
// Without a wake descriptor (the process has none left) a stop is noticed after this long.
constexpr Duration kLongestBlindWait = std::chrono::milliseconds(20);

timespec ToTimespec(Duration duration) {
  timespec result{};
  result.tv_sec = duration.count() / 1'000'000'000;
  result.tv_nsec = duration.count() % 1'000'000'000;
  return result;
}

// Far from the end whole milliseconds do, and poll writes back no rest: it costs 0.3 us less.
int PollOne(pollfd& polled, Duration time) {
  if (time > std::chrono::seconds(1)) {
    const auto whole = std::chrono::floor<std::chrono::milliseconds>(time).count();
    return poll(&polled, 1, static_cast<int>(whole));
  }
  const timespec timeout = ToTimespec(time);
  return ppoll(&polled, 1, &timeout, nullptr);
}

std::string Seconds(Duration time) {
  return std::to_string(std::chrono::round<std::chrono::seconds>(time).count()) + " s";
}

}  // namespace

RuntimeHost::RuntimeHost(HostOptions options)
    : options_(std::move(options)),
      loop_(clock_, options_.threads, options_.host_runs_loop),
      pool_(options_.threads, options_.most_blocking_threads) {
  loop_.SetLookout([this] { LookAtClocks(); });
}

Status RuntimeHost::Wait(const CallContext& call, int fd, short events) {
  const WaitingSet::Stay stay(waiting_, *call.waiter, {.by_descriptor = true});
  pollfd polled[2] = {{fd, events, 0}, {stay.descriptor(), POLLIN, 0}};
  const Duration longest = stay.descriptor() < 0 ? kLongestBlindWait : kLongestWait;
  for (;;) {
    RETURN_IF_ERROR(call.waiter->Check());
    const Duration left = call.deadline.Remaining(clock_.Now());
    const timespec timeout = ToTimespec(std::min(left, longest));
    const int ready = ppoll(polled, 2, &timeout, nullptr);
    if (ready < 0 && errno == EINTR && call.interrupt.WantsToStop()) {
      call.waiter->Stop(StopCause::kCancelled);
      continue;
    }
    if (ready > 0 && polled[0].revents != 0) {
      return OkStatus();
    }
    if (ready > 0) {
      stay.Drain();
    } else if (call.deadline.HasPassed(clock_.Now())) {
      return DeadlineExceeded("the deadline passed while waiting for the back-end");
    }
  }
}

Status RuntimeHost::WaitOnSocket(const CallContext& call, int fd, short events) {
  int ready = 0;
  {
    const WaitingSet::Stay stay(waiting_, *call.waiter, {.socket = fd});
    pollfd polled{fd, events, 0};
    while (ready <= 0 && call.waiter->stop_cause() == StopCause::kNone) {
      ready = PollOne(polled, std::min(call.deadline.Remaining(clock_.Now()), kLongestWait));
      if (ready == 0 && call.deadline.HasPassed(clock_.Now())) {
        return DeadlineExceeded("the deadline passed while waiting for the back-end");
      }
      if (ready < 0 && errno == EINTR && call.interrupt.WantsToStop()) {
        call.waiter->Stop(StopCause::kCancelled);
      }
    }
  }
  // Also when it is ready: the stop has shut the socket down.
  return call.waiter->Check();
}

StatusOr<ssize_t> RuntimeHost::Receive(const CallContext& call, int fd, std::span<char> into) {
  ssize_t count = -1;
  int error = EINTR;
  {
    const WaitingSet::Stay stay(waiting_, *call.waiter, {.socket = fd});
    while (count < 0 && error == EINTR && call.waiter->stop_cause() == StopCause::kNone) {
      count = recv(fd, into.data(), into.size(), 0);
      error = count < 0 ? errno : 0;
      if (error == EINTR && call.interrupt.WantsToStop()) {
        call.waiter->Stop(StopCause::kCancelled);
      }
    }
  }
  // Also with bytes in hand: the stop has shut the socket down, and the next call must not get it.
  RETURN_IF_ERROR(call.waiter->Check());
  if (error == EAGAIN) {
    return DeadlineExceeded("the socket's time-out passed while waiting for the back-end");
  }
  errno = error;
  return count;
}

Status RuntimeHost::Park(const CallContext& call) {
  const WaitingSet::Stay stay(waiting_, *call.waiter, {});
  return call.waiter->Park(clock_, call.deadline, call.interrupt);
}

Status RuntimeHost::Sleep(const CallContext& call, Duration time) {
  const Deadline wake_up = Deadline::After(clock_.Now(), time);
  CallContext until = call;
  until.deadline = Deadline::At(std::min(wake_up.at(), call.deadline.at()));
  const Status ended = Park(until);
  if (IsDeadlineExceeded(ended) && !call.deadline.HasPassed(clock_.Now())) {
    return OkStatus();
  }
  return ended;
}

void RuntimeHost::PostBlocking(Job job) {
  if (options_.host_runs_loop) {
    loop_.Post([this, job = std::move(job)]() mutable { loop_.RunBlocking(std::move(job)); });
  } else {
    pool_.Post(std::move(job));
  }
}

uint64_t RuntimeHost::RunAfter(Duration delay, Job job) {
  return loop_.RunAfter(delay, std::move(job));
}

bool RuntimeHost::CancelTimer(uint64_t timer) { return loop_.CancelTimer(timer); }

void RuntimeHost::Post(Job job) { loop_.Post(std::move(job)); }

uint64_t RuntimeHost::Watch(int fd, OnReady on_ready) {
  return loop_.Watch(fd, std::move(on_ready));
}

void RuntimeHost::Await(uint64_t watch, short events) { loop_.Await(watch, events); }

void RuntimeHost::Unwatch(uint64_t watch) { loop_.Unwatch(watch); }

void RuntimeHost::Random(std::span<unsigned char> bytes) {
  size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t count = getrandom(bytes.data() + filled, bytes.size() - filled, 0);
    if (count > 0) {
      filled += static_cast<size_t>(count);
    }
  }
}

StatusOr<Cryptography*> RuntimeHost::LoadCryptography() {
  const std::lock_guard lock(cryptography_mutex_);
  if (cryptography_ == nullptr) {
    if (!options_.load_cryptography) {
      return FailedPrecondition("this runtime was made without TLS and encryption");
    }
    ASSIGN_OR_RETURN(cryptography_, options_.load_cryptography());
  }
  return cryptography_.get();
}

void RuntimeHost::Log(Severity severity, std::string_view component, std::string_view message) {
  notices_.Add(severity, component, message);
}

void RuntimeHost::LookAtClocks() {
  std::optional<ClockWatch::Gap> gap;
  {
    const std::lock_guard lock(watch_mutex_);
    gap = watch_.Look(ClockWatch::Read());
    if (gap.has_value()) {
      ++gaps_.count;
      gaps_.last = *gap;
    }
  }
  if (gap.has_value() && gap->slept > Duration::zero()) {
    Log(Severity::kWarning, "", "the machine slept for " + Seconds(gap->slept));
  }
  if (gap.has_value() && gap->wall_step != Duration::zero()) {
    Log(Severity::kWarning, "",
        "the wall clock was set by " + Seconds(gap->wall_step) +
            ", or this process is a copy that was restored later");
  }
}

RuntimeHost::ClockGaps RuntimeHost::clock_gaps() const {
  const std::lock_guard lock(watch_mutex_);
  return gaps_;
}

void RuntimeHost::Adopt() {
  loop_.Adopt();
  fork_guard_.Adopt();
}

void RuntimeHost::AdvanceClock(Duration by) {
  clock_.Advance(by);
  waiting_.NudgeAll();
  loop_.Wake();
}

}  // namespace mecha
