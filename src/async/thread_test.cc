// SPDX-License-Identifier: Apache-2.0
#include "async/thread.h"

#include <array>
#include <vector>

#include "support/catch.h"

namespace mecha {
namespace {

TEST_CASE("a thread runs its body with its name, its stack and every asynchronous signal blocked") {
  ThreadOptions options;
  options.stack_bytes = 512 * 1024;
  std::array<char, 16> name{};
  sigset_t mask;
  size_t stack = 0;
  Thread thread;
  CHECK_FALSE(thread.is_started());
  REQUIRE(thread
              .Start("mecha-a-rather-long-name", options,
                     [&] {
                       pthread_getname_np(pthread_self(), name.data(), name.size());
                       pthread_sigmask(SIG_BLOCK, nullptr, &mask);
                       pthread_attr_t attributes;
                       pthread_getattr_np(pthread_self(), &attributes);
                       pthread_attr_getstacksize(&attributes, &stack);
                       pthread_attr_destroy(&attributes);
                     })
              .ok());
  CHECK(thread.is_started());
  CHECK_FALSE(thread.IsCurrent());
  thread.Join();
  CHECK_FALSE(thread.is_started());
  CHECK(std::string(name.data()) == "mecha-a-rather-");
  CHECK(stack >= 512 * 1024);
  for (const int blocked : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGALRM, SIGPIPE, SIGCHLD, SIGPROF}) {
    CHECK(sigismember(&mask, blocked) == 1);
  }
  for (const int open : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) {
    CHECK(sigismember(&mask, open) == 0);
  }
}

TEST_CASE("starting a thread leaves the starter's signal mask as it was") {
  sigset_t before;
  sigset_t after;
  pthread_sigmask(SIG_BLOCK, nullptr, &before);
  const ThreadOptions options;
  Thread thread;
  REQUIRE(thread.Start("mecha-test", options, [] {}).ok());
  pthread_sigmask(SIG_BLOCK, nullptr, &after);
  thread.Join();
  for (int number = 1; number < SIGRTMIN; ++number) {
    CHECK(sigismember(&before, number) == sigismember(&after, number));
  }
}

TEST_CASE("the hooks run on the thread, around its body, with its full name") {
  std::vector<std::string> seen;
  ThreadOptions options;
  options.started = [&](const char* name) { seen.push_back(std::string("started ") + name); };
  options.stopping = [&](const char* name) { seen.push_back(std::string("stopping ") + name); };
  Thread thread;
  REQUIRE(thread.Start("mecha-with-a-long-name", options, [&] { seen.push_back("body"); }).ok());
  thread.Join();
  CHECK(seen == std::vector<std::string>{"started mecha-with-a-long-name", "body",
                                         "stopping mecha-with-a-long-name"});
}

}  // namespace
}  // namespace mecha
