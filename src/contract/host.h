// SPDX-License-Identifier: Apache-2.0
// Host: how a component reaches the world: time, threads, waiting, random numbers, warnings. The
// runtime implements it; it outlives every component. Safe from any thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "call/clock.h"
#include "contract/call_context.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha {

class Cryptography;

using Job = absl::AnyInvocable<void() &&>;
enum class Severity : uint8_t { kDebug, kInfo, kWarning, kError };

// Told which of POLLIN and POLLOUT hold; after a hang-up or an error both do.
using OnReady = absl::AnyInvocable<void(short ready)>;

class Host {
 public:
  virtual ~Host() = default;

  virtual const Clock& clock() const = 0;

  // Waits on the caller's thread until `fd` has one of `events` (poll.h bits), the call is stopped
  // or its deadline passes. Only where call.may_block. OK means ready; else CANCELLED, SUSPENDED,
  // CLOSED or DEADLINE_EXCEEDED.
  virtual Status Wait(const CallContext& call, int fd, short events) = 0;
  // As Wait, for a connected socket: cheaper, for nothing else is looked at. A stop shuts the
  // socket down: after an error it may only be closed.
  virtual Status WaitOnSocket(const CallContext& call, int fd, short events) = 0;
  // Waits on the caller's thread for bytes on `fd`, a connected socket in blocking mode, and reads
  // some into `into`: one system call instead of two. Only where call.may_block. OK is what recv
  // returned, with errno. The wait ends on a stop, as Wait's does, or with DEADLINE_EXCEEDED when
  // the socket's SO_RCVTIMEO has passed: that must be set, and call.deadline be no nearer. A stop
  // shuts the socket down: after any other error it may only be closed.
  virtual StatusOr<ssize_t> Receive(const CallContext& call, int fd, std::span<char> into) = 0;
  // Waits on the caller's thread until call.waiter is notified. Errors as Wait.
  virtual Status Park(const CallContext& call) = 0;
  // Sleeps on the caller's thread. OK when the whole time passed; errors as Wait.
  virtual Status Sleep(const CallContext& call, Duration time) = 0;

  // Runs `job` on a pool thread that may block. Jobs run in no promised order, and always run,
  // also during shutdown: a job checks its call's waiter first.
  virtual void PostBlocking(Job job) = 0;
  // Runs `job` on an I/O thread after `delay`, never inside this call; it must not block.
  // The number cancels it; CancelTimer returns false when it has run, runs or was cancelled.
  virtual uint64_t RunAfter(Duration delay, Job job) = 0;
  virtual bool CancelTimer(uint64_t timer) = 0;

  // Runs `job` on an I/O thread, soon, never inside this call; it must not block.
  virtual void Post(Job job) = 0;
  // Looks after `fd`: `on_ready` is called on an I/O thread, never twice at a time, for as long as
  // something awaited is there. Await says what is awaited from now on (POLLIN, POLLOUT, both or
  // 0); at first it is nothing. Unwatch returns when `on_ready` does not run and will not, so hold
  // no lock that it takes; inside `on_ready` itself it returns at once. Unwatch before you close
  // `fd`.
  virtual uint64_t Watch(int fd, OnReady on_ready) = 0;
  virtual void Await(uint64_t watch, short events) = 0;
  virtual void Unwatch(uint64_t watch) = 0;

  // Cryptographically strong random bytes.
  virtual void Random(std::span<unsigned char> bytes) = 0;

  // TLS and encryption: the module tls.so, loaded when the first one asks (some milliseconds;
  // blocks on the disk), so ask in Init and only when it is needed. It lives as long as the host.
  // FAILED_PRECONDITION names the file that is missing or unusable and what mends it; then the next
  // call tries again.
  virtual StatusOr<Cryptography*> LoadCryptography() = 0;

  // Becomes a log event for whoever asked for them and, from kWarning up, a line of
  // describe.warnings. Never pass a secret.
  virtual void Log(Severity severity, std::string_view component, std::string_view message) = 0;
};

}  // namespace mecha
