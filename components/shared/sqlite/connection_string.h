// SPDX-License-Identifier: Apache-2.0
// ConnectionString: the field connectionString, taken apart: a file name, or the DSN that Dapr's
// driver reads ("file:data.db?mode=ro&_pragma=cache_size(-8000)"). It opens nothing. What is not
// known is refused, because a misspelt option would otherwise lose its effect silently.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "result/status_or.h"

namespace mecha::components {

enum class FileAccess : unsigned char { kReadOnly, kReadWrite, kReadWriteCreate };

struct ConnectionString {
  // Absolute, so that a later change of folder does not matter; ":memory:" when in memory.
  std::string file;
  bool is_in_memory = false;
  FileAccess access = FileAccess::kReadWriteCreate;
  bool is_immutable = false;
  std::string vfs;                   // empty: SQLite's default
  std::vector<std::string> options;  // "nolock=1": handed to SQLite in its URI
  std::vector<std::string> pragmas;  // "cache_size = -8000"
  std::string synchronous;           // from _pragma=synchronous(...); empty: the field decides
  std::vector<std::string> warnings;

  // What sqlite3_open_v2 takes with SQLITE_OPEN_URI.
  std::string Uri(bool as_immutable) const;
};

StatusOr<ConnectionString> ParseConnectionString(std::string_view text);

}  // namespace mecha::components
