// SPDX-License-Identifier: Apache-2.0
// DatabaseSettings: how a file is opened, checked and typed. Constant after Init.
#pragma once

#include <string>
#include <string_view>

#include "call/clock.h"
#include "sqlite/connection_string.h"

namespace mecha::components {

struct DatabaseSettings {
  std::string_view component;  // whose file it is, a literal: "state.sqlite"
  ConnectionString location;
  std::string synchronous;
  bool uses_wal = true;
  // Longest wait for another process's lock; zero or less: none.
  Duration busy_timeout{};
  // Longest time for an operation whose caller set no deadline.
  Duration timeout{};
};

}  // namespace mecha::components
