// SPDX-License-Identifier: Apache-2.0
#include "etcd_options.h"

#include <string.h>

#include <chrono>
#include <string_view>

#include "result/status.h"

namespace MECHA_COMPONENT {
namespace {

constexpr uint16_t kDefaultPort = 2379;
// Dapr's.
constexpr Duration kDialTimeout = std::chrono::seconds(5);
// A server may take its time over a vote, not for ever.
constexpr Duration kLongestSilence = std::chrono::seconds(20);

// All but the address.
StatusOr<HttpOptions> ReadLimits(const Settings& settings, std::vector<std::string>* warnings) {
  HttpOptions options;
  options.dial_timeout = kDialTimeout;
  options.read_timeout = kLongestSilence;
  options.is_encrypted = settings.Boolean("tlsEnable");
  constexpr std::string_view kFields[] = {"ca", "cert", "key"};
  for (const std::string_view field : kFields) {
    const bool is_given = !settings.Text(field).empty();
    if (options.is_encrypted && !is_given) {
      return InvalidArgument(std::string(field) +
                             ": missing; tlsEnable wants ca, cert and key, each as PEM text");
    }
    if (!options.is_encrypted && is_given) {
      warnings->push_back(std::string(field) +
                          ": has no effect without tlsEnable: connections are not encrypted");
    }
  }
  return options;
}

// Clients of etcd take URLs, too.
StatusOr<HostAddress> ReadEndpoint(std::string_view text, bool is_encrypted) {
  constexpr std::string_view kPlain = "http://";
  constexpr std::string_view kEncrypted = "https://";
  if (text.starts_with(kEncrypted) && !is_encrypted) {
    return InvalidArgument("endpoints: https:// needs tlsEnable, with ca, cert and key");
  }
  if (text.starts_with(kPlain) && is_encrypted) {
    return InvalidArgument("endpoints: http:// does not go with tlsEnable; write https://");
  }
  if (text.starts_with(kPlain) || text.starts_with(kEncrypted)) {
    text.remove_prefix(text.find("//") + 2);
  }
  return ParseHostAddress("endpoints", text, kDefaultPort);
}

}  // namespace

void EtcdOptions::Wipe() {
  for (HttpOptions& endpoint : endpoints) {
    explicit_bzero(endpoint.key.data(), endpoint.key.size());
  }
}

StatusOr<EtcdOptions> ReadOptions(const Settings& settings) {
  EtcdOptions options;
  ASSIGN_OR_RETURN(const HttpOptions limits, ReadLimits(settings, &options.warnings));
  for (const std::string_view text : SplitHosts(settings.Text("endpoints"))) {
    HttpOptions& endpoint = options.endpoints.emplace_back(limits);
    ASSIGN_OR_RETURN(endpoint.address, ReadEndpoint(text, limits.is_encrypted));
  }
  options.path = std::string(settings.Text("keyPrefixPath")) + "/";
  const int64_t most = settings.Integer("maxTxnOps");
  if (most < 1) {
    return InvalidArgument("maxTxnOps: must be at least 1");
  }
  options.most_operations = static_cast<size_t>(most);
  // Last: what fails before leaves no copy of the key behind.
  for (HttpOptions& endpoint : options.endpoints) {
    endpoint.ca = settings.Text("ca");
    endpoint.certificate = settings.Text("cert");
    endpoint.key = settings.Text("key");
  }
  return options;
}

}  // namespace MECHA_COMPONENT
