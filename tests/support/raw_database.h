// SPDX-License-Identifier: Apache-2.0
// RawDatabase: another program's connection to an SQLite file, and PrivateFolder, where a test
// keeps one. They know no component. One thread at a time; each owner ends what it opened.
#pragma once

#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "support/catch.h"

namespace mecha::test {

class PrivateFolder {
 public:
  PrivateFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "mecha_sqlite_XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;
  ~PrivateFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string File(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class RawDatabase {
 public:
  using Rows = std::vector<std::vector<std::string>>;

  explicit RawDatabase(const std::string& file) {
    REQUIRE(sqlite3_open(file.c_str(), &db_) == SQLITE_OK);
    sqlite3_busy_timeout(db_, 5000);
  }
  RawDatabase(const RawDatabase&) = delete;
  RawDatabase& operator=(const RawDatabase&) = delete;
  ~RawDatabase() { sqlite3_close(db_); }

  // Every row as text; NULL as "NULL".
  Rows Run(const std::string& sql) {
    Rows rows;
    char* error = nullptr;
    sqlite3_exec(db_, sql.c_str(), &AddRow, &rows, &error);
    INFO(sql << ": " << (error == nullptr ? "" : error));
    CHECK(error == nullptr);
    sqlite3_free(error);
    return rows;
  }
  std::string One(const std::string& sql) {
    const Rows rows = Run(sql);
    return rows.empty() ? "" : rows.front().front();
  }

 private:
  static int AddRow(void* rows, int count, char** values, char** /*names*/) {
    std::vector<std::string> row;
    for (int i = 0; i < count; ++i) {
      row.emplace_back(values[i] == nullptr ? "NULL" : values[i]);
    }
    static_cast<Rows*>(rows)->push_back(std::move(row));
    return 0;
  }

  sqlite3* db_ = nullptr;
};

}  // namespace mecha::test
