// SPDX-License-Identifier: Apache-2.0
// Layout: the tables that one component keeps in a file: the statements it runs on them, and how
// they come about. It holds texts and runs nothing by itself. Constant; safe from any thread.
#pragma once

#include <cstddef>
#include <string>

#include "result/status.h"

namespace mecha::components {

class Connection;

class Layout {
 public:
  virtual ~Layout() = default;

  // The statements are numbered from 0 on, as the component's enumeration counts them.
  virtual size_t statement_count() const = 0;
  virtual const std::string& StatementText(size_t number) const = 0;

  // Whether this code may use the file. Runs before anything of the file is changed.
  virtual Status Check(Connection& connection) const = 0;
  // Creates the tables that are missing; where the file may not be written they must be there.
  virtual Status Prepare(Connection& connection) const = 0;
};

}  // namespace mecha::components
