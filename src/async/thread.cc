// SPDX-License-Identifier: Apache-2.0
#include "async/thread.h"

#include <cstring>
#include <utility>

#include "result/status.h"

namespace mecha {
namespace {

struct Launch {
  std::string name;
  const ThreadOptions* options;
  Job body;
};

// Everything but the signals a fault of this very thread raises.
sigset_t AsynchronousSignals() {
  sigset_t set;
  sigfillset(&set);
  for (const int synchronous : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS}) {
    sigdelset(&set, synchronous);
  }
  return set;
}

void* RunThread(void* argument) {
  const std::unique_ptr<Launch> launch(static_cast<Launch*>(argument));
  pthread_setname_np(pthread_self(), launch->name.substr(0, 15).c_str());
  if (launch->options->started) {
    launch->options->started(launch->name.c_str());
  }
  std::move(launch->body)();
  if (launch->options->stopping) {
    launch->options->stopping(launch->name.c_str());
  }
  return nullptr;
}

}  // namespace

BlockedSignals::BlockedSignals() {
  const sigset_t blocked = AsynchronousSignals();
  pthread_sigmask(SIG_BLOCK, &blocked, &before_);
}

BlockedSignals::~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

Thread::Thread(Thread&& other) noexcept
    : thread_(other.thread_), is_started_(std::exchange(other.is_started_, false)) {}

Status Thread::Start(const std::string& name, const ThreadOptions& options, Job body) {
  auto launch = std::make_unique<Launch>(Launch{name, &options, std::move(body)});
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, options.stack_bytes);
  int error = 0;
  {
    const BlockedSignals blocked;
    error = pthread_create(&thread_, &attributes, RunThread, launch.get());
  }
  pthread_attr_destroy(&attributes);
  if (error != 0) {
    return ResourceExhausted("cannot start thread " + name +
                             ": the system's limit on threads or memory was reached");
  }
  [[maybe_unused]] const Launch* owned_by_thread = launch.release();
  is_started_ = true;
  return OkStatus();
}

void Thread::Join() {
  if (is_started_) {
    pthread_join(thread_, nullptr);
    is_started_ = false;
  }
}

}  // namespace mecha
