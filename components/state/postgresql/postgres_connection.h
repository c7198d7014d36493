// SPDX-License-Identifier: Apache-2.0
// PostgresConnection: one session, used by one call at a time. It sends statements and reads their
// results in order, waiting in the host only: never in libpq, which single statements go past
// (direct_exchange.h). It never sends anything twice, and after a failure, or with a result
// outstanding, it may only be closed.
#pragma once

#include <libpq-fe.h>

#include <array>
#include <bitset>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "connection/server_connection.h"
#include "contract/host.h"
#include "direct_exchange.h"
#include "parameters.h"
#include "postgres_endpoint.h"
#include "postgres_error.h"
#include "postgres_options.h"
#include "query_result.h"
#include "result/status.h"
#include "result/status_or.h"
#include "statements.h"

namespace MECHA_COMPONENT {

class PostgresConnection final : public ServerConnection {
 public:
  // All outlive the connection.
  PostgresConnection(Host& host, const PostgresOptions& options, const Statements& statements)
      : host_(host), options_(options), statements_(statements), direct_(host) {}
  ~PostgresConnection() override;

  // `endpoint` has an address in figures, or is a path.
  Status Connect(const CallContext& call, const Endpoint& endpoint);

  // Has the server parse `sql`, once per connection and only where statements are prepared.
  Status Prepare(const CallContext& call, Sql sql);
  // One prepared statement and its result, errors included, in one round trip. Past libpq where
  // that can be.
  StatusOr<QueryResult> Exchange(const CallContext& call, Sql sql, const Parameters& parameters);
  // Prepare and Exchange; an error reply is a failed status.
  StatusOr<QueryResult> Run(const CallContext& call, Sql sql, const Parameters& parameters);
  // As Exchange for SQL that is not one of Statements, with text parameters (without NUL) and text
  // results, or binary ones.
  StatusOr<QueryResult> ExchangeText(const CallContext& call, const std::string& text,
                                     std::span<const std::string> parameters = {},
                                     bool wants_binary = false);

  // Several statements in one round trip: Begin, Add and Sync as often as needed, Flush, then for
  // each Add one Receive and for each Sync one ReceiveSync, in order, and End. What stands between
  // two Syncs is one transaction unless it says otherwise; it has been committed when ReceiveSync
  // returns null, not when the results came.
  Status BeginPipeline();
  Status Add(Sql sql, const Parameters& parameters);
  Status Sync();
  Status Flush(const CallContext& call);
  // The result, errors included; a failure of the connection is a failed status.
  StatusOr<QueryResult> Receive(const CallContext& call);
  // The error that ended the transaction at its end, or null.
  StatusOr<QueryResult> ReceiveSync(const CallContext& call);
  Status EndPipeline();

  // For whoever must not wait, in a pipeline: sends what the socket takes, true when that was the
  // rest; reads what is there; the next result, ends of pipelines included, null when none is
  // there.
  StatusOr<bool> FlushNow();
  Status ReadNow();
  StatusOr<QueryResult> NextResult();
  int fd() const { return PQsocket(session_); }
  // No failure so far.
  bool is_usable() const { return !is_broken(); }

  // Whether a result without error has the columns of Sql::kGet, or of Sql::kGetMany.
  Status CheckRows(const QueryResult& result, bool is_of_many);
  // The status of an error result; ends the connection where the table says so.
  Status ErrorOf(const QueryResult& result);
  // The same for a write that commits by itself: marked where it may stand all the same.
  Status WriteErrorOf(const QueryResult& result);

  // Fit for another call: no failure, no result still to come, no open transaction.
  bool is_reusable() const override;
  bool IsAlive() const override;

 private:
  Status Poll(const CallContext& call);
  Status WaitFor(const CallContext& call, short events, std::string_view what);
  Status WaitEncrypted(const CallContext& call, short events) const;
  Status AwaitResult(const CallContext& call);
  StatusOr<QueryResult> ReceiveOnly(const CallContext& call);
  StatusOr<QueryResult> FlushAndReceive(const CallContext& call, int was_sent);
  StatusOr<QueryResult> ExchangeDirectly(const CallContext& call, Sql sql,
                                         const Parameters& parameters);
  Status UseLibrary();
  ServerError Understand(const QueryResult& result);
  Status FailSession(std::string_view what);
  Status Fail(Status status);

  Host& host_;
  const PostgresOptions& options_;
  const Statements& statements_;
  PGconn* session_ = nullptr;
  std::string name_;  // of the endpoint
  std::bitset<kSqlCount> prepared_;
  DirectExchange direct_;
  bool may_go_direct_ = false;  // a plain socket, and statements are prepared
};

}  // namespace MECHA_COMPONENT
