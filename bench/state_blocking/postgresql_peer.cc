// SPDX-License-Identifier: Apache-2.0
#include <libpq-fe.h>

#include "parameters.h"
#include "postgres_options.h"
#include "state_blocking/contender.h"
#include "statements.h"
#include "support/postgres_server.h"

namespace bench {
namespace {

using mecha::components::state_postgresql::ArrayText;
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
    for (const Sql sql : {Sql::kGet, Sql::kSet, Sql::kGetMany, Sql::kSetMany}) {
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

  size_t GetMany(std::span<const Key> keys) override {
    ArrayText array(ArrayText::kText, keys.size());
    for (const Key& key : keys) {
      array.Add(key.stored);
    }
    const char* values[] = {array.text().data()};
    const int sizes[] = {static_cast<int>(array.text().size())};
    return Run(Sql::kGetMany, 1, values, sizes);
  }

  // One INSERT of all, which is what a transaction of sets comes to.
  void SetTogether(std::span<const Key> keys, std::string_view value) override {
    ArrayText key_array(ArrayText::kText, keys.size());
    ArrayText value_array(ArrayText::kBytes, keys.size());
    ArrayText ttl_array(ArrayText::kBigInt, keys.size());
    for (const Key& key : keys) {
      key_array.Add(key.stored);
      value_array.Add(value);
      ttl_array.AddNull();
    }
    const char* values[] = {key_array.text().data(), value_array.text().data(),
                            ttl_array.text().data()};
    const int sizes[] = {static_cast<int>(key_array.text().size()),
                         static_cast<int>(value_array.text().size()),
                         static_cast<int>(ttl_array.text().size())};
    Run(Sql::kSetMany, 3, values, sizes);
  }

 private:
  size_t Run(Sql sql, int count, const char* const* values, const int* sizes) {
    constexpr int kBinary[] = {1, 1, 1};
    return Check(PQexecPrepared(session_, statements_.Name(sql), count, values, sizes, kBinary, 1),
                 PGRES_TUPLES_OK);
  }

  // The sizes of the rows' first fields; rows are copied out as any application would.
  size_t Check(PGresult* result, ExecStatusType wanted) {
    if (PQresultStatus(result) != wanted) {
      Fail(std::string("libpq: ") + PQerrorMessage(session_));
    }
    size_t size = 0;
    for (int row = 0; row < PQntuples(result); ++row) {
      value_.assign(PQgetvalue(result, row, 0), static_cast<size_t>(PQgetlength(result, row, 0)));
      size += value_.size();
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
