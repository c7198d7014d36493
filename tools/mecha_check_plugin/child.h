// SPDX-License-Identifier: Apache-2.0
// Child: a piece of work in a process of its own, so that what crashes or hangs there does so there
// alone. Only for a program with one thread.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

struct ChildEnd {
  enum class How { kPassed, kFailed, kCrashed, kTimedOut };
  How how = How::kFailed;
  std::string words;               // "crashed with SIGSEGV (Segmentation fault)"
  std::vector<std::string> lines;  // what it told with `tell`
};

using Tell = std::function<void(const std::string& line)>;

// Runs `work` in a child; true means that it passed. Waits for its end, at most for `most_time`.
ChildEnd RunInChild(const std::function<bool(const Tell& tell)>& work,
                    std::chrono::seconds most_time);
