// SPDX-License-Identifier: Apache-2.0
// OpenFiles: which database files this process has open, and in which process they were opened. It
// is what makes a fork safe: libsqlite3 keeps its file locks in memory, a child inherits that copy,
// and rows the child then acknowledges are lost when the parent closes. So a child may not open a
// file that its parent held open at the fork; the parent suspends first.
//
// This is process-wide state, an agreed exception to "no globals": the library it guards has such
// state too. It is lock-free, because a lock held by another thread at the fork would stay locked
// in the child for ever. It does not see databases that other code of the process opened.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "contract/host.h"
#include "result/status.h"

namespace mecha::components {

// One open file's entry; gives it back when destroyed. Movable, one owner.
class OpenFile {
 public:
  OpenFile() = default;
  OpenFile(OpenFile&& other) noexcept;
  OpenFile& operator=(OpenFile&& other) noexcept;
  ~OpenFile() { Remove(); }

  // FAILED_PRECONDITION when `file` was open at a fork that made this process. OK for a file that
  // does not exist yet.
  static Status CheckNotInherited(const std::string& file);
  // Enters `file`, which exists. Without effect when it cannot be read or the table is full.
  static OpenFile Add(const std::string& file);
  void Remove();

 private:
  static constexpr int kNone = -1;

  int entry_ = kNone;
};

// Every SQLite that this process has mapped: libsqlite3, and what holds a copy under another name,
// the program itself among them. Two copies that open one database drop each other's locks: POSIX
// file locks end when any descriptor of the file is closed. A copy that shows none of SQLite's
// functions to others is not seen.
std::vector<std::string> MappedSqliteLibraries();
// Warns when there are two; `component` is whose log line it is.
void WarnOfSecondSqliteLibrary(Host& host, std::string_view component);

}  // namespace mecha::components
