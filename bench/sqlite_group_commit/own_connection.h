// SPDX-License-Identifier: Apache-2.0
// OwnConnection: what a careful program does without Mecha: each writer has its own connection with
// the same table, the same statement prepared once, base64 and a random etag, and waits for the
// others with SQLite's busy timeout. One thread.
#pragma once

#include <sqlite3.h>

#include <random>
#include <string>
#include <string_view>

namespace bench {

// Ends the program: a bench of failing writes means nothing.
[[noreturn]] void Fail(std::string_view what);

class OwnConnection {
 public:
  // The table exists already.
  OwnConnection(const std::string& file, const std::string& synchronous);
  OwnConnection(const OwnConnection&) = delete;
  OwnConnection& operator=(const OwnConnection&) = delete;
  ~OwnConnection();

  void Set(std::string_view key, std::string_view value);

 private:
  sqlite3* db_ = nullptr;
  sqlite3_stmt* set_ = nullptr;
  std::string encoded_;
  std::mt19937_64 random_;
};

}  // namespace bench
