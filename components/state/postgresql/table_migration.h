// SPDX-License-Identifier: Apache-2.0
// TableMigration: finds or makes the two tables, in Dapr's form and under Dapr's lock, so that many
// processes of both kinds may start at once. A table that an older Dapr made stays as it is unless
// upgradeTables says otherwise. One use, on the thread that starts the component.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "contract/host.h"
#include "postgres_connection.h"
#include "postgres_options.h"
#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

class TableMigration {
 public:
  // All outlive it.
  TableMigration(PostgresConnection& connection, const PostgresOptions& options, Host& host)
      : connection_(connection), options_(options), host_(host) {}

  // OK when the table is fit for use.
  Status Run(const CallContext& call);
  // Whether it has the column that lists are paged by. After Run.
  bool has_row_id() const { return has_row_id_; }

 private:
  // What the database holds now.
  struct Found {
    std::string columns;  // "key text, value bytea, ..."; empty: no such table
    int level = 0;        // 0: none is noted
    bool has_metadata = false;
  };

  StatusOr<Found> Look(const CallContext& call);
  StatusOr<std::string> QueryText(const CallContext& call, const std::string& text,
                                  const std::string& parameter);
  Status Execute(const CallContext& call, const std::string& text,
                 std::span<const std::string> parameters = {});
  Status Check(const Found& found);
  bool NeedsChange(const Found& found) const;
  Status MakeMetadataTable(const CallContext& call);
  Status ChangeUnderLock(const CallContext& call);
  Status Change(const CallContext& call, const Found& found);

  PostgresConnection& connection_;
  const PostgresOptions& options_;
  Host& host_;
  bool has_row_id_ = false;
};

}  // namespace MECHA_COMPONENT
