// SPDX-License-Identifier: Apache-2.0
#include "pubsub_sqlite/other_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <ctime>

#include "support/messages.h"

extern char** environ;

namespace bench {
namespace {

void Send(int64_t value) {
  if (write(STDOUT_FILENO, &value, sizeof value) != sizeof value) {
    Fail("the other process cannot write");
  }
}

}  // namespace

int64_t NowNs() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

std::string QueueSpec(const std::string& file) {
  return "  type: pubsub.sqlite\n  version: v1\n  metadata:\n"
         "    - {name: connectionString, value: \"" +
         file + "\"}\n    - {name: synchronous, value: normal}\n";
}

int ConsumeUntilEnd(const std::string& file) {
  Messages messages({.spec = QueueSpec(file),
                     .content_type = "text/plain",
                     .is_callback = true,
                     .look = [](std::string_view data) {
                       int64_t sent = 0;
                       std::from_chars(data.data(), data.data() + data.size(), sent);
                       Send(NowNs() - sent);
                     }});
  Send(0);
  char byte = 0;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  return 0;
}

OtherProcess::OtherProcess(const std::string& file) {
  std::array<int, 2> to{};
  std::array<int, 2> from{};
  if (pipe2(to.data(), O_CLOEXEC) != 0 || pipe2(from.data(), O_CLOEXEC) != 0) {
    Fail("no pipe");
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
  std::string program = "/proc/self/exe";
  std::string argument = kConsumerArgument;
  std::string name = file;
  std::array<char*, 4> arguments{program.data(), argument.data(), name.data(), nullptr};
  if (posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments.data(), environ) != 0) {
    Fail("the other process did not start");
  }
  posix_spawn_file_actions_destroy(&actions);
  close(to[0]);
  close(from[1]);
  to_ = to[1];
  from_ = from[0];
  NextDelayNs();
}

OtherProcess::~OtherProcess() {
  close(to_);
  waitpid(pid_, nullptr, 0);
  close(from_);
}

int64_t OtherProcess::NextDelayNs() const {
  int64_t delay = 0;
  if (read(from_, &delay, sizeof delay) != sizeof delay) {
    Fail("the other process ended");
  }
  return delay;
}

double OtherProcess::CpuSeconds() const {
  clockid_t clock{};
  timespec time{};
  if (clock_getcpuclockid(pid_, &clock) != 0 || clock_gettime(clock, &time) != 0) {
    Fail("the other process has no clock");
  }
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace bench
