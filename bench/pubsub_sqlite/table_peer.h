// SPDX-License-Identifier: Apache-2.0
// TablePeer: the peer of pubsub_sqlite: a table as a queue, with one connection that adds and one
// that takes out, a transaction for each batch. It has no groups and no leases: who dies with a
// batch loses it. One thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace bench {

class TablePeer {
 public:
  explicit TablePeer(const std::string& file);
  TablePeer(const TablePeer&) = delete;
  TablePeer& operator=(const TablePeer&) = delete;
  ~TablePeer();

  void Publish(std::string_view data, size_t count);
  // Takes the `count` oldest out.
  void Consume(size_t count);

 private:
  sqlite3* writer_ = nullptr;
  sqlite3* reader_ = nullptr;
  sqlite3_stmt* add_ = nullptr;
  sqlite3_stmt* list_ = nullptr;
  sqlite3_stmt* remove_ = nullptr;
};

}  // namespace bench
