// SPDX-License-Identifier: Apache-2.0
#include <libpq-fe.h>

#include "postgres_options.h"
#include "state_blocking/contender.h"
#include "statements.h"
#include "support/postgres_server.h"

namespace bench {
namespace {

using mecha::components::state_postgresql::Layout;
using mecha::components::state_postgresql::PostgresOptions;
using mecha::components::state_postgresql::Sql;
using mecha::components::state_postgresql::Statements;

PostgresOptions TableOptions() {
  PostgresOptions options;
  options.layout = Layout::kV2;
  options.table = "state";
  options.metadata_table = "dapr_metadata";
  return options;
}

// One session, one thread, the component's own statements prepared, binary parameters and results,
// waiting in libpq. The component has made the table.
class PostgresPeer final : public Contender {
 public:
  explicit PostgresPeer(const std::string& connection)
      : statements_(TableOptions()), session_(PQconnectdb(connection.c_str())) {
    for (const Sql sql : {Sql::kGet, Sql::kSet}) {
      Check(PQprepare(session_, statements_.Name(sql), statements_.Text(sql), 0, nullptr),
            PGRES_COMMAND_OK);
    }
  }
  PostgresPeer(const PostgresPeer&) = delete;
  PostgresPeer& operator=(const PostgresPeer&) = delete;
  ~PostgresPeer() override { PQfinish(session_); }

  std::string name() const override { return "libpq"; }

  size_t Get(const Key& key) override {
    const char* values[] = {key.stored.data()};
    const int sizes[] = {static_cast<int>(key.stored.size())};
    return Run(Sql::kGet, 1, values, sizes);
  }

  void Set(const Key& key, std::string_view value) override {
    const char* values[] = {key.stored.data(), value.data(), nullptr};
    const int sizes[] = {static_cast<int>(key.stored.size()), static_cast<int>(value.size()), 0};
    Run(Sql::kSet, 3, values, sizes);
  }

 private:
  size_t Run(Sql sql, int count, const char* const* values, const int* sizes) {
    constexpr int kBinary[] = {1, 1, 1};
    return Check(PQexecPrepared(session_, statements_.Name(sql), count, values, sizes, kBinary, 1),
                 PGRES_TUPLES_OK);
  }

  // The size of the first field; the row is copied out as any application would.
  size_t Check(PGresult* result, ExecStatusType wanted) {
    if (PQresultStatus(result) != wanted) {
      Fail(std::string("libpq: ") + PQerrorMessage(session_));
    }
    size_t size = 0;
    if (PQntuples(result) > 0) {
      value_.assign(PQgetvalue(result, 0, 0), static_cast<size_t>(PQgetlength(result, 0, 0)));
      size = value_.size();
    }
    PQclear(result);
    return size;
  }

  const Statements statements_;
  PGconn* session_;
  std::string value_;
};

class TestServer final : public PostgresServer {
 public:
  std::string connection() const override { return server_.Connection(); }

 private:
  mecha::test::TestPostgres server_;
};

}  // namespace

std::unique_ptr<Contender> MakePostgresPeer(const std::string& connection) {
  return std::make_unique<PostgresPeer>(connection);
}

std::unique_ptr<PostgresServer> StartPostgres() { return std::make_unique<TestServer>(); }

}  // namespace bench
