// SPDX-License-Identifier: Apache-2.0
#include <libpq-fe.h>

#include <chrono>

#include "postgres_options.h"
#include "state_concurrent/sides.h"
#include "statements.h"
#include "support/postgres_server.h"

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;
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

// One session in pipeline mode. The component has made the table.
class Pipeline {
 public:
  explicit Pipeline(const std::string& connection)
      : statements_(TableOptions()), session_(PQconnectdb(connection.c_str())) {
    for (const Sql sql : {Sql::kGet, Sql::kSet}) {
      PQclear(PQprepare(session_, statements_.Name(sql), statements_.Text(sql), 0, nullptr));
    }
    for (size_t i = 0; i < kKeys; ++i) {
      keys_.push_back("app||key-" + std::to_string(i));
    }
    if (PQenterPipelineMode(session_) == 0) {
      Fail(PQerrorMessage(session_));
    }
  }
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;
  ~Pipeline() { PQfinish(session_); }

  // A get, or a set of `value`.
  void Send(size_t turn, const std::string_view* value) {
    const std::string& key = keys_[KeyAt(turn)];
    const bool is_get = value == nullptr;
    const char* values[] = {key.data(), is_get ? nullptr : value->data(), nullptr};
    const int sizes[] = {static_cast<int>(key.size()), is_get ? 0 : static_cast<int>(value->size()),
                         0};
    constexpr int kBinary[] = {1, 1, 1};
    PQsendQueryPrepared(session_, statements_.Name(is_get ? Sql::kGet : Sql::kSet), is_get ? 1 : 3,
                        values, sizes, kBinary, 1);
  }
  void Sync() { PQpipelineSync(session_); }

  // The row is copied out as any application would.
  void Receive(size_t bytes) {
    PGresult* result = PQgetResult(session_);
    if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1) {
      Fail(PQerrorMessage(session_));
    }
    value_.assign(PQgetvalue(result, 0, 0), static_cast<size_t>(PQgetlength(result, 0, 0)));
    PQclear(result);
    if (value_.size() != bytes || PQgetResult(session_) != nullptr) {
      Fail("libpq: unexpected result");
    }
  }
  void ReceiveSync() {
    PGresult* result = PQgetResult(session_);
    if (PQresultStatus(result) != PGRES_PIPELINE_SYNC) {
      Fail("libpq: unexpected result");
    }
    PQclear(result);
  }

 private:
  const Statements statements_;
  PGconn* session_;
  std::vector<std::string> keys_;
  std::string value_;
};

Rate RunPipelined(const std::string& connection, size_t window, Syncs syncs,
                  const std::string_view* value) {
  constexpr size_t kEtagBytes = 36;
  Pipeline pipeline(connection);
  const auto begin = Clock::now();
  size_t done = 0;
  while (Clock::now() - begin < std::chrono::milliseconds(500)) {
    for (size_t i = 0; i < window; ++i) {
      pipeline.Send(done + i, value);
      if (syncs == Syncs::kEach || i + 1 == window) {
        pipeline.Sync();
      }
    }
    for (size_t i = 0; i < window; ++i) {
      pipeline.Receive(value == nullptr ? kValueBytes : kEtagBytes);
      if (syncs == Syncs::kEach || i + 1 == window) {
        pipeline.ReceiveSync();
      }
    }
    done += window;
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  return {static_cast<double>(done) / seconds, 0, 0, 0};
}

class TestServer final : public PostgresServer {
 public:
  std::string connection() const override { return server_.Connection(); }

 private:
  mecha::test::TestPostgres server_;
};

}  // namespace

std::unique_ptr<PostgresServer> StartPostgres() { return std::make_unique<TestServer>(); }

Rate GetPipelinedPostgres(const std::string& connection, size_t window, Syncs syncs) {
  return RunPipelined(connection, window, syncs, nullptr);
}

Rate SetPipelinedPostgres(const std::string& connection, size_t window, std::string_view value) {
  return RunPipelined(connection, window, Syncs::kEach, &value);
}

}  // namespace bench
