// SPDX-License-Identifier: Apache-2.0
// Consumer: handles the messages of a topic while the process is awake. An event is worked on and
// then marked in the store as handled; a second time it is found marked. It has one thread.
#pragma once

#include <atomic>
#include <mecha/dispatcher.hpp>
#include <mecha/mecha.hpp>
#include <memory>
#include <string>

namespace function_host {

class Consumer {
 public:
  struct Tally {
    std::int64_t accepted = 0;  // answered in time
    std::int64_t late = 0;      // answered, but another consumer has the message by now
    std::int64_t given_up = 0;  // taken back while it was worked on
  };

  explicit Consumer(const mecha::Runtime& runtime);

  // Subscribes. False when the broker refuses: `problem` tells why.
  bool Start(const std::string& topic, std::string& problem);
  Tally tally() const { return {accepted_, late_, given_up_}; }

 private:
  void Handle(mecha::Request& request);
  mecha::Verdict Work(const mecha::Request& request);

  const mecha::Runtime& runtime_;
  mecha::State store_;
  std::unique_ptr<mecha::Dispatcher> dispatcher_;
  std::atomic<std::int64_t> accepted_{0};
  std::atomic<std::int64_t> late_{0};
  std::atomic<std::int64_t> given_up_{0};
};

}  // namespace function_host
