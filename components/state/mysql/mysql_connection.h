// SPDX-License-Identifier: Apache-2.0
// MysqlConnection: one connection of the client library, used by one call at a time through its
// calls that do not block: all waiting is the host's. It never sends anything twice, and after a
// failure of its own, or in the middle of a statement, it may only be closed.
#pragma once

#include <mysql.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "connection/connection_lease.h"
#include "connection/server_connection.h"
#include "contract/host.h"
#include "mysql_options.h"
#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

// The rows of one statement, all in memory. Movable; one thread.
class MysqlRows {
 public:
  explicit MysqlRows(MYSQL_RES* rows) : rows_(rows) {}

  // Moves to the next row; false when there is none.
  bool Next();
  // Valid until the next Next. Nothing for NULL.
  std::optional<std::string_view> Column(unsigned index) const;
  std::string_view Text(unsigned index) const { return Column(index).value_or(""); }

 private:
  struct Free {
    void operator()(MYSQL_RES* rows) const { mysql_free_result(rows); }
  };

  std::unique_ptr<MYSQL_RES, Free> rows_;
  MYSQL_ROW row_ = nullptr;
  unsigned long* lengths_ = nullptr;
};

class MysqlConnection final : public ServerConnection {
 public:
  // Both outlive the connection.
  MysqlConnection(Host& host, const MysqlOptions& options) : host_(host), options_(options) {}
  ~MysqlConnection() override;

  Status Connect(const CallContext& call, const SocketAddress& address);
  // What the session must be like, whatever the server's defaults are.
  Status LogIn(const CallContext& call);
  bool is_reusable() const override { return !is_broken() && !is_in_transaction_; }
  bool IsAlive() const override;

  // A statement and its rows. An error of the server is marked as not applied; any other as maybe,
  // and it ends the connection.
  StatusOr<MysqlRows> Query(const CallContext& call, std::string_view statement);
  // How many rows the last statement inserted, changed or deleted.
  uint64_t affected_rows() { return mysql_affected_rows(mysql_); }
  // Without leave to go to another call: set between BEGIN and the end of its transaction.
  void set_in_transaction(bool is_in_transaction) { is_in_transaction_ = is_in_transaction; }
  // The collation of this server that tells any two keys apart.
  std::string key_collation() const;
  // The longest statement that the server takes.
  uint64_t longest_statement() const { return longest_statement_; }

 private:
  StatusOr<int> Wait(const CallContext& call, int wanted);
  Status Fail(Status status);
  Status Failure(std::string_view what);

  Host& host_;
  const MysqlOptions& options_;
  MYSQL* mysql_ = nullptr;
  bool is_connected_ = false;
  bool is_in_transaction_ = false;
  uint64_t longest_statement_ = 0;
};

}  // namespace MECHA_COMPONENT
