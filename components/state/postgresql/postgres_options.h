// SPDX-License-Identifier: Apache-2.0
// PostgresOptions: a component's settings as this store uses them. A value, read once in Init.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "call/clock.h"
#include "connection/connection_options.h"
#include "connection_string.h"
#include "contract/settings.h"
#include "pem_file.h"
#include "postgres_endpoint.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

// The two tables that Dapr has: v1 with jsonb and xmin, v2 with bytea and a UUID.
enum class Layout : unsigned char { kV1, kV2 };

struct PostgresOptions : ConnectionOptions {
  Layout layout = Layout::kV2;
  std::vector<Endpoint> endpoints;  // tried in order, at least one
  // What libpq is told of every keyword but host, hostaddr and port.
  ConnectionWords words;
  std::vector<std::shared_ptr<const PemFile>> files;  // that the words name
  std::string table;                                  // "state", "shop.orders_state"
  std::string table_prefix;                           // of v2
  std::string metadata_table;                         // "dapr_metadata"
  bool may_upgrade = false;
  bool prepares = true;
  // Longest time for an operation whose caller set no deadline.
  Duration timeout = std::chrono::seconds(20);
  // Zero or less: expired rows stay, hidden.
  Duration cleanup_interval = std::chrono::hours(1);
  std::vector<std::string> warnings;

  // Overwrites what is secret.
  void Wipe();
};

// INVALID_ARGUMENT names the field; UNIMPLEMENTED is for what this version cannot do.
StatusOr<PostgresOptions> ReadOptions(const Settings& settings, Layout layout);

}  // namespace MECHA_COMPONENT
