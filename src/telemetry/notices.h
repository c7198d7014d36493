// SPDX-License-Identifier: Apache-2.0
// Notices: what a log would say. Warnings are kept, bounded and counted, for describe; everything
// goes to the listener, if there is one. Not a log file: nothing is ever printed. Safe from any
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "contract/host.h"

namespace mecha {

struct Notice {
  Severity severity = Severity::kInfo;
  std::string component;
  std::string message;
  uint64_t count = 1;  // how often the same one came
};

class Notices {
 public:
  using Listener = std::function<void(const Notice&)>;

  void Add(Severity severity, std::string_view component, std::string_view message);
  std::vector<Notice> Warnings() const;
  // How many warnings did not fit any more.
  uint64_t dropped() const;
  // Called for every notice, on the thread it comes from, under no lock.
  void SetListener(Listener listener);

 private:
  static constexpr size_t kMostWarnings = 200;

  mutable std::mutex mutex_;
  std::vector<Notice> warnings_;
  uint64_t dropped_ = 0;
  Listener listener_;
};

}  // namespace mecha
