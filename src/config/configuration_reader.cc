// SPDX-License-Identifier: Apache-2.0
#include "config/configuration_reader.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "encoding/ascii.h"

namespace mecha {
namespace {

constexpr std::string_view kConfigurationKeys[] = {"apiVersion", "kind", "metadata", "spec"};
constexpr std::string_view kConfigurationSpecKeys[] = {
    "secrets",  "httpPipeline", "appHttpPipeline", "tracing", "metric",
    "metrics",  "mtls",         "accessControl",   "api",     "nameResolution",
    "features", "components",   "logging",         "wasm",    "workflow"};
constexpr std::string_view kSecretsKeys[] = {"scopes"};
constexpr std::string_view kScopeKeys[] = {"storeName", "defaultAccess", "allowedSecrets",
                                           "deniedSecrets"};

void ReadAccess(const YamlNode& entry, NodeReader& reader, SecretScope& scope) {
  const YamlNode* access = reader.Scalar(entry, "defaultAccess");
  if (access == nullptr || access->text.empty()) {
    return;
  }
  scope.allows_by_default = EqualsIgnoringCase(access->text, "allow");
  if (!scope.allows_by_default && !EqualsIgnoringCase(access->text, "deny")) {
    reader.Fail(*access, "defaultAccess \"" + access->text.substr(0, 64) +
                             "\" is unknown. Write allow or deny.");
  }
}

void ReadScope(const YamlNode& entry, NodeReader& reader, std::vector<SecretScope>& scopes) {
  if (entry.kind != YamlNode::Kind::kMapping) {
    reader.Break(entry, "an entry of spec.secrets.scopes must have \"storeName\".");
    return;
  }
  reader.WarnUnknownKeys(entry, "spec.secrets.scopes", kScopeKeys);
  SecretScope scope;
  scope.location = reader.At(entry);
  scope.store_name = reader.Text(entry, "storeName");
  scope.allowed_secrets = reader.Texts(entry, "allowedSecrets");
  scope.denied_secrets = reader.Texts(entry, "deniedSecrets");
  ReadAccess(entry, reader, scope);
  if (scope.store_name.empty()) {
    reader.Fail(entry, "storeName is missing. Name the secret store that this entry limits.");
    return;
  }
  const auto first = std::ranges::find(scopes, scope.store_name, &SecretScope::store_name);
  if (first != scopes.end()) {
    reader.Fail(entry, "the secret store \"" + scope.store_name +
                           "\" is limited a second time, first at " + ToText(first->location) +
                           ". Keep one entry per store.");
    return;
  }
  scopes.push_back(std::move(scope));
}

void WarnUnused(const YamlNode& spec, NodeReader& reader) {
  for (const YamlNode& child : spec.children) {
    const bool is_known =
        std::ranges::find(kConfigurationSpecKeys, child.key) != std::end(kConfigurationSpecKeys);
    if (is_known && child.key != "secrets") {
      reader.findings().Warn(reader.KeyAt(child), "spec." + child.key + " has no effect yet.");
    }
  }
}

}  // namespace

void MergeConfiguration(const YamlNode& root, NodeReader& reader,
                        ConfigurationDocument& configuration) {
  reader.WarnUnknownKeys(root, "the document", kConfigurationKeys);
  const YamlNode* spec = reader.Mapping(root, "spec");
  if (spec == nullptr) {
    return;
  }
  reader.WarnUnknownKeys(*spec, "spec", kConfigurationSpecKeys);
  WarnUnused(*spec, reader);
  const YamlNode* secrets = reader.Mapping(*spec, "secrets");
  if (secrets == nullptr) {
    return;
  }
  reader.WarnUnknownKeys(*secrets, "spec.secrets", kSecretsKeys);
  const YamlNode* entries = reader.Sequence(*secrets, "scopes");
  if (entries == nullptr) {
    return;
  }
  std::vector<SecretScope> scopes;
  for (const YamlNode& entry : entries->children) {
    ReadScope(entry, reader, scopes);
  }
  if (!reader.is_broken()) {
    configuration.secret_scopes = std::move(scopes);
  }
}

}  // namespace mecha
