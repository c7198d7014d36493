// SPDX-License-Identifier: Apache-2.0
// DatabaseSettings: the component's fields, checked and typed. Constant after Init.
#pragma once

#include <string>

#include "call/clock.h"
#include "connection_string.h"

namespace MECHA_COMPONENT {

struct DatabaseSettings {
  ConnectionString location;
  std::string table;
  std::string metadata_table;
  std::string synchronous;
  bool uses_wal = true;
  // Longest wait for another process's lock; zero or less: none.
  Duration busy_timeout{};
  // Longest time for an operation whose caller set no deadline.
  Duration timeout{};
  // Zero or less: expired rows stay, hidden.
  Duration cleanup_interval{};
};

}  // namespace MECHA_COMPONENT
