// SPDX-License-Identifier: Apache-2.0
#include "postgres_options.h"

#include <string.h>

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "encoding/ascii.h"
#include "encoding/duration.h"
#include "encoding/number.h"
#include "result/status.h"

namespace MECHA_COMPONENT {
namespace {

constexpr size_t kFewestConnections = 4;
constexpr Duration kLongestIdle = std::chrono::minutes(30);

bool IsLetter(char c) { return ToLower(c) >= 'a' && ToLower(c) <= 'z'; }

// One part of a table's name: as Dapr puts it into its SQL, so without quotes it is folded to lower
// case.
bool IsPart(std::string_view part) {
  if (part.size() > 2 && part.front() == '"' && part.back() == '"') {
    return part.substr(1, part.size() - 2).find_first_of(std::string_view("\"\0", 2)) == part.npos;
  }
  return !part.empty() && !IsDigit(part.front()) &&
         std::all_of(part.begin(), part.end(),
                     [](char c) { return IsLetter(c) || IsDigit(c) || c == '_'; });
}

bool IsTableName(std::string_view name) {
  const size_t dot = name.find('.');
  return dot == name.npos ? IsPart(name)
                          : IsPart(name.substr(0, dot)) && IsPart(name.substr(dot + 1));
}

Status CheckTableName(std::string_view field, std::string_view name) {
  return IsTableName(name) ? OkStatus()
                           : InvalidArgument(std::string(field) +
                                             ": must be a table's name of letters, digits and "
                                             "\"_\", with a schema and a dot before it or not");
}

Status ReadTables(const Settings& settings, PostgresOptions* options) {
  options->metadata_table = settings.Text("metadataTableName");
  RETURN_IF_ERROR(CheckTableName("metadataTableName", options->metadata_table));
  if (options->layout == Layout::kV1) {
    options->table = settings.Text("tableName");
    return CheckTableName("tableName", options->table);
  }
  options->table_prefix = settings.Text("tablePrefix");
  options->table = options->table_prefix + "state";
  return CheckTableName("tablePrefix", options->table);
}

// `name` or, when it is absent, its older name.
Duration ReadTime(const Settings& settings, std::string_view name, std::string_view older) {
  return settings.Has(older) ? settings.Time(older) : settings.Time(name);
}

Status ReadLimits(const Settings& settings, PostgresOptions* options) {
  options->timeout = ReadTime(settings, "timeout", "timeoutInSeconds");
  if (options->timeout < std::chrono::seconds(1)) {
    return InvalidArgument("timeout: must be at least 1s");
  }
  options->dial_timeout = options->timeout;
  options->cleanup_interval = ReadTime(settings, "cleanupInterval", "cleanupIntervalInSeconds");
  options->prepares = settings.Text("queryExecMode") == "cache_statement";
  options->may_upgrade = settings.Boolean("upgradeTables");
  const size_t processors = std::thread::hardware_concurrency();
  options->pool_size = std::max(kFewestConnections, processors);
  return OkStatus();
}

std::string TakeWord(ConnectionWords& words, std::string_view name) {
  auto found = words.extract(words.find(name));
  return std::move(found.mapped());
}

Status BadWord(std::string_view name) {
  return InvalidArgument("connectionString: the value of " + std::string(name) + " cannot be read");
}

Status ApplyPoolWord(std::string_view name, std::string_view value, PostgresOptions* options) {
  if (name == "pool_max_conns") {
    const auto count = ParseNumber<uint16_t>(value);
    if (!count.has_value() || *count == 0) {
      return BadWord(name);
    }
    options->pool_size = *count;
    return OkStatus();
  }
  if (name == "pool_max_conn_idle_time" || name == "pool_max_conn_lifetime") {
    const auto time = ParseDuration(value);
    if (!time.has_value() || *time <= Duration::zero()) {
      return BadWord(name);
    }
    (name == "pool_max_conn_lifetime" ? options->max_connection_age : options->idle_timeout) =
        *time;
    return OkStatus();
  }
  if (name == "connect_timeout") {
    const auto seconds = ParseNumber<uint32_t>(value);
    if (!seconds.has_value()) {
      return BadWord(name);
    }
    if (*seconds != 0) {
      options->dial_timeout = std::chrono::seconds(*seconds);
    }
    return OkStatus();
  }
  options->warnings.push_back("connectionString: " + std::string(name) + " has no effect here");
  return OkStatus();
}

// What Dapr's driver reads from a connection string beside libpq's keywords.
Status TakePoolWords(ConnectionWords& words, PostgresOptions* options) {
  for (const std::string_view name :
       {"pool_max_conns", "pool_max_conn_idle_time", "pool_max_conn_lifetime", "connect_timeout",
        "pool_min_conns", "pool_min_idle_conns", "pool_max_conn_lifetime_jitter",
        "pool_health_check_period", "statement_cache_capacity", "description_cache_capacity"}) {
    if (words.contains(name)) {
      RETURN_IF_ERROR(ApplyPoolWord(name, TakeWord(words, name), options));
    }
  }
  if (words.contains("default_query_exec_mode")) {
    options->prepares = TakeWord(words, "default_query_exec_mode") == "cache_statement";
  }
  return OkStatus();
}

Status CheckAvailable(const Settings& settings, const ConnectionWords& words) {
  if (settings.Boolean("useAzureAD") || settings.Boolean("useAWSIAM")) {
    return Unimplemented(
        "useAzureAD, useAWSIAM: token logins come with a later version; use user and password");
  }
  for (const std::string_view name : {"service", "servicefile"}) {
    if (words.contains(name)) {
      return Unimplemented("connectionString: " + std::string(name) +
                           " is not read here; write out what the service file says");
    }
  }
  const auto attributes = words.find("target_session_attrs");
  if (attributes != words.end() && attributes->second == "prefer-standby") {
    return Unimplemented("target_session_attrs: prefer-standby is not available; use standby");
  }
  return OkStatus();
}

bool IsWritten(const ConnectionWords& words, std::string_view name) {
  const auto found = words.find(name);
  return found != words.end() && !found->second.empty();
}

// What libpq would leave out without a word.
Status CheckTls(const ConnectionWords& words, PostgresOptions* options) {
  const auto found = words.find("sslmode");
  const std::string mode = found == words.end() ? "prefer" : found->second;
  const bool has_root = IsWritten(words, "sslrootcert");
  if (mode.starts_with("verify-") && !has_root) {
    return InvalidArgument("sslmode " + mode +
                           ": name the certificates that may sign the server's in sslRootCert");
  }
  if (has_root && (mode == "disable" || mode == "allow" || mode == "prefer")) {
    options->warnings.push_back("sslRootCert has no effect with sslmode " + mode +
                                ", which checks no certificate. Set sslMode to verify-full");
  }
  if (IsWritten(words, "sslcert") != IsWritten(words, "sslkey")) {
    return InvalidArgument("sslCert and sslKey belong together. Give both or none");
  }
  return OkStatus();
}

// libpq reads files only.
Status PutTextIntoFiles(PostgresOptions* options) {
  constexpr std::pair<std::string_view, std::string_view> kFields[] = {
      {"sslrootcert", "sslRootCert"}, {"sslcert", "sslCert"}, {"sslkey", "sslKey"}};
  for (const auto& [word, field] : kFields) {
    const auto found = options->words.find(word);
    if (found != options->words.end() && PemFile::IsText(found->second)) {
      ASSIGN_OR_RETURN(auto file, PemFile::Make(field, found->second));
      explicit_bzero(found->second.data(), found->second.size());
      found->second = file->path();
      options->files.push_back(std::move(file));
    }
  }
  return OkStatus();
}

HostAddress AddressOf(const Endpoint& endpoint) {
  return {endpoint.host.empty() ? endpoint.address : endpoint.host,
          ParseNumber<uint16_t>(endpoint.port).value_or(0)};
}

StatusOr<ConnectionWords> ReadWords(const Settings& settings) {
  const std::string_view name = settings.Has("connectionString") ? "connectionString" : "url";
  ASSIGN_OR_RETURN(ConnectionWords words, ParseConnectionString(settings.Text(name)));
  constexpr std::pair<std::string_view, std::string_view> kFields[] = {
      {"host", "host"},       {"hostaddr", "hostaddr"},
      {"port", "port"},       {"database", "dbname"},
      {"user", "user"},       {"password", "password"},
      {"sslMode", "sslmode"}, {"sslRootCert", "sslrootcert"},
      {"sslCert", "sslcert"}, {"sslKey", "sslkey"}};
  for (const auto& [field, word] : kFields) {
    if (!settings.Text(field).empty()) {
      words[std::string(word)] = settings.Text(field);
    }
  }
  for (const auto& [word, value] : words) {
    if (value.find('\0') != value.npos) {
      return BadWord(word);
    }
  }
  return words;
}

}  // namespace

void PostgresOptions::Wipe() {
  for (auto& [name, value] : words) {
    explicit_bzero(value.data(), value.size());
  }
}

StatusOr<PostgresOptions> ReadOptions(const Settings& settings, Layout layout) {
  PostgresOptions options;
  options.layout = layout;
  options.idle_timeout = kLongestIdle;
  options.full_pool_advice = "maxConns may be too low";
  RETURN_IF_ERROR(ReadTables(settings, &options));
  RETURN_IF_ERROR(ReadLimits(settings, &options));
  ASSIGN_OR_RETURN(options.words, ReadWords(settings));
  RETURN_IF_ERROR(CheckAvailable(settings, options.words));
  RETURN_IF_ERROR(CheckTls(options.words, &options));
  RETURN_IF_ERROR(PutTextIntoFiles(&options));
  RETURN_IF_ERROR(TakePoolWords(options.words, &options));
  ASSIGN_OR_RETURN(options.endpoints, TakeEndpoints(options.words));
  options.address = AddressOf(options.endpoints.front());
  if (options.words["user"].empty()) {
    return InvalidArgument("user: name the database user here or in connectionString");
  }
  if (options.words["dbname"].empty()) {
    options.words["dbname"] = options.words["user"];
  }
  // As Dapr: 1 means the default, too.
  const int64_t connections = settings.Integer("maxConns");
  if (connections < 0 || connections > 10'000) {
    return InvalidArgument("maxConns: must be from 0 to 10000");
  }
  if (connections > 1) {
    options.pool_size = static_cast<size_t>(connections);
  }
  if (settings.Time("connectionMaxIdleTime") > Duration::zero()) {
    options.idle_timeout = settings.Time("connectionMaxIdleTime");
  }
  return options;
}

}  // namespace MECHA_COMPONENT
