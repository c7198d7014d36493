// SPDX-License-Identifier: Apache-2.0
// ValueResolver: fills in what a component's metadata leaves open: secretKeyRef, envRef and the
// placeholders {uuid}, {podName}, {namespace} and {appID}. It checks no field: see
// settings_builder.h. Not thread-safe; `fetch` may block.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "contract/secret_store.h"
#include "resources/component_document.h"
#include "resources/findings.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha {

struct ResolverOptions {
  std::string app_id;
  std::string name_space;
  std::string pod_name;  // empty: unknown, and {podName} is an error
  // envRef may read the environment. False: it is a mistake in the document.
  bool uses_environment = false;
  // DAPR_ENV_KEYS, when set: the only names envRef may read, separated by spaces.
  std::optional<std::string> environment_keys;
};

// One entry of spec.metadata with its final text.
struct ResolvedItem {
  std::string name;
  std::string text;
  bool is_secret = false;  // came from a secret store: never shown
  Location location;
};

// Reads secret `name` of store `store`.
using FetchSecret =
    absl::AnyInvocable<StatusOr<Secret>(std::string_view store, std::string_view name)>;
// Fills `bytes` with random ones, for {uuid}.
using FillRandom = absl::AnyInvocable<void(std::span<unsigned char> bytes)>;

class ValueResolver {
 public:
  // `options` outlives the resolver.
  ValueResolver(const ResolverOptions& options, FetchSecret fetch, FillRandom random);

  // One item per metadata entry, in order; each secret is fetched once. What is missing is reported
  // to `findings` (an error in strict mode, else a warning and the value as written, or an empty
  // one).
  std::vector<ResolvedItem> Resolve(const ComponentDocument& document, Findings& findings);

 private:
  class SecretCache;

  void FillSecret(const ComponentDocument& document, const MetadataItem& item, SecretCache& cache,
                  ResolvedItem& resolved, Findings& findings);
  void FillEnvironment(const MetadataItem& item, ResolvedItem& resolved, Findings& findings);
  void FillPlaceholders(ResolvedItem& resolved, Findings& findings);
  std::string MakeUuid();

  const ResolverOptions& options_;
  FetchSecret fetch_;
  FillRandom random_;
};

// The secret stores that must be running before `document` can be resolved; empty when it needs
// none.
std::vector<std::string> SecretStoresNeeded(const ComponentDocument& document);

// What can be told about references before anything runs: envRef without permission, secretKeyRef
// without auth.secretStore or with one that is not among `secret_stores`.
void CheckReferences(const ComponentDocument& document, const ResolverOptions& options,
                     std::span<const std::string> secret_stores, Findings& findings);

}  // namespace mecha
