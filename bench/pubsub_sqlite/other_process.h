// SPDX-License-Identifier: Apache-2.0
// OtherProcess: a process of its own that subscribes to the queue in a file, and tells when it got
// each message. It runs this same program. One thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace bench {

// What the program does instead of measuring when its first argument says so: consumes until its
// standard input ends.
inline constexpr const char* kConsumerArgument = "--consume";
int ConsumeUntilEnd(const std::string& file);

// A pubsub component on this file, as a document from "type:" on.
std::string QueueSpec(const std::string& file);

int64_t NowNs();

class OtherProcess {
 public:
  // Returns once it has subscribed.
  explicit OtherProcess(const std::string& file);
  OtherProcess(const OtherProcess&) = delete;
  OtherProcess& operator=(const OtherProcess&) = delete;
  ~OtherProcess();

  // Waits for its next message; returns how long after it was published the handler had it.
  int64_t NextDelayNs() const;
  double CpuSeconds() const;

 private:
  pid_t pid_ = -1;
  int to_ = -1;
  int from_ = -1;
};

}  // namespace bench
