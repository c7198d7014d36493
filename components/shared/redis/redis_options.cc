// SPDX-License-Identifier: Apache-2.0
#include "redis/redis_options.h"

#include <string.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "result/status.h"
#include "result/status_or.h"

namespace mecha::components {
namespace {

constexpr uint16_t kDefaultPort = 6379;
constexpr uint16_t kDefaultSentinelPort = 26379;
constexpr int64_t kConnectionsPerProcessor = 10;

Status CheckAvailable(const Settings& settings) {
  if (settings.Text("redisType") == "cluster") {
    return Unimplemented("redisType: Redis Cluster comes with a later version; use a single node");
  }
  if (settings.Boolean("useEntraID") || settings.Boolean("useOIDC")) {
    return Unimplemented(
        "useEntraID, useOIDC: token logins come with a later version; use "
        "redisUsername and redisPassword");
  }
  return OkStatus();
}

// Zero or absent is `fallback`, negative is no limit, as in Dapr.
Duration ReadTimeout(const Settings& settings, std::string_view name, Duration fallback) {
  const Duration time = settings.Time(name);
  if (time == Duration::zero()) {
    return fallback;
  }
  return time < Duration::zero() ? Duration::max() : time;
}

StatusOr<uint16_t> ReadPort(const Settings& settings, uint16_t fallback) {
  if (settings.Text("redisPort").empty()) {
    return fallback;
  }
  const int64_t number = settings.Integer("redisPort");
  if (number < 1 || number > 65535) {
    return InvalidArgument("redisPort: must be from 1 to 65535");
  }
  return static_cast<uint16_t>(number);
}

StatusOr<HostAddress> ReadAddress(const Settings& settings) {
  ASSIGN_OR_RETURN(const uint16_t port, ReadPort(settings, kDefaultPort));
  const std::string_view host = settings.Text("redisHost");
  if (host.find(',') != host.npos) {
    return InvalidArgument(
        "redisHost: several hosts mean a cluster, which is not available yet; "
        "name one node, or set failover when they are sentinels");
  }
  return ParseHostAddress("redisHost", host, port);
}

// redisHost names the sentinels, separated by commas.
Status ReadSentinels(const Settings& settings, RedisOptions* options) {
  ASSIGN_OR_RETURN(const uint16_t port, ReadPort(settings, kDefaultSentinelPort));
  options->role = RedisOptions::Role::kMaster;
  options->master_name = settings.Text("sentinelMasterName");
  options->sentinel_username = settings.Text("sentinelUsername");
  options->sentinel_password = settings.Text("sentinelPassword");
  if (options->master_name.empty()) {
    return InvalidArgument(
        "sentinelMasterName: failover needs the name under which the sentinels watch the master");
  }
  for (const std::string_view host : SplitHosts(settings.Text("redisHost"))) {
    ASSIGN_OR_RETURN(HostAddress sentinel, ParseHostAddress("redisHost", host, port));
    options->sentinels.push_back(std::move(sentinel));
  }
  return OkStatus();
}

Status ReadPlaces(const Settings& settings, RedisOptions* options) {
  if (settings.Boolean("failover")) {
    return ReadSentinels(settings, options);
  }
  ASSIGN_OR_RETURN(options->address, ReadAddress(settings));
  return OkStatus();
}

Status ReadNumbers(const Settings& settings, RedisOptions* options) {
  options->database = settings.Integer("redisDB");
  if (options->database < 0) {
    return InvalidArgument("redisDB: must not be negative");
  }
  int64_t pool_size = settings.Integer("poolSize");
  if (pool_size < 0) {
    return InvalidArgument("poolSize: must not be negative");
  }
  if (pool_size == 0) {
    pool_size = kConnectionsPerProcessor * std::max(1U, std::thread::hardware_concurrency());
  }
  options->pool_size = static_cast<size_t>(pool_size);
  return OkStatus();
}

}  // namespace

void RedisOptions::Wipe() {
  explicit_bzero(password.data(), password.size());
  explicit_bzero(sentinel_password.data(), sentinel_password.size());
}

StatusOr<RedisOptions> ReadRedisOptions(const Settings& settings) {
  RETURN_IF_ERROR(CheckAvailable(settings));
  RedisOptions options;
  options.full_pool_advice = "raise poolSize or poolTimeout";
  options.tls_field = "enableTLS";
  RETURN_IF_ERROR(ReadPlaces(settings, &options));
  RETURN_IF_ERROR(ReadNumbers(settings, &options));
  options.username = settings.Text("redisUsername");
  options.password = settings.Text("redisPassword");
  options.dial_timeout = ReadTimeout(settings, "dialTimeout", options.dial_timeout);
  options.read_timeout = ReadTimeout(settings, "readTimeout", options.read_timeout);
  options.write_timeout = ReadTimeout(settings, "writeTimeout", options.read_timeout);
  const Duration pool_timeout = options.read_timeout == Duration::max()
                                    ? Duration::max()
                                    : options.read_timeout + std::chrono::seconds(1);
  options.pool_timeout = ReadTimeout(settings, "poolTimeout", pool_timeout);
  options.idle_timeout = ReadTimeout(settings, "idleTimeout", options.idle_timeout);
  options.max_connection_age = ReadTimeout(settings, "maxConnAge", Duration::max());
  return options;
}

}  // namespace mecha::components
