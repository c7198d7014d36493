// SPDX-License-Identifier: Apache-2.0
#include "runtime/value_resolver.h"

#include <strings.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <utility>

#include "call/environment.h"
#include "encoding/ascii.h"
#include "encoding/nearest_name.h"
#include "encoding/quoted.h"
#include "encoding/uuid.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha {
namespace {

bool HasValue(const MetadataItem& item) { return item.value.has_value() && !item.value->empty(); }

// Dapr's order: the environment only where there is no value, and then no secret.
bool TakesEnvironment(const MetadataItem& item) {
  return !HasValue(item) && !item.environment_name.empty();
}
bool TakesSecret(const MetadataItem& item) {
  return item.secret.has_value() && !TakesEnvironment(item);
}

// `words` holds names separated by spaces.
bool HasWord(std::string_view words, std::string_view wanted) {
  while (!words.empty()) {
    const size_t end = std::min(words.find(' '), words.size());
    if (EqualsIgnoringCase(words.substr(0, end), wanted)) {
      return true;
    }
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

// Why envRef may not read this variable; empty when it may.
std::string WhyNotReadable(std::string_view name, const ResolverOptions& options) {
  if (!options.uses_environment) {
    return "envRef needs the environment, which this runtime may not read. Open it with "
           "use_environment, or write the value.";
  }
  if (!MayShowEnvironmentName(name)) {
    return "envRef may not read " + Quoted(name) + ". Use another variable.";
  }
  if (options.environment_keys.has_value() && !HasWord(*options.environment_keys, name)) {
    return "envRef may not read " + Quoted(name) + ". Add it to DAPR_ENV_KEYS.";
  }
  return {};
}

// Why the secret of `item` cannot be looked for; empty when it can.
std::string WhyNoStore(const ComponentDocument& document) {
  return document.secret_store.empty()
             ? "secretKeyRef without auth.secretStore. Add \"auth:\" with \"secretStore: <name>\"."
             : std::string();
}

// Repeats in strict mode what CheckReferences found; in Dapr's mode its warning stands already.
void ReportAgain(const Location& location, std::string_view text, Findings& findings) {
  if (findings.strictness() == Strictness::kStrict) {
    findings.Error(location, text);
  }
}

}  // namespace

// The secrets of one component, each fetched once, wiped at the end.
class ValueResolver::SecretCache {
 public:
  SecretCache(FetchSecret& fetch, std::string_view store) : fetch_(fetch), store_(store) {}
  SecretCache(const SecretCache&) = delete;
  SecretCache& operator=(const SecretCache&) = delete;
  ~SecretCache() {
    for (auto& [name, secret] : secrets_) {
      if (secret.ok()) {
        for (auto& [key, value] : *secret) {
          explicit_bzero(value.data(), value.size());
        }
      }
    }
  }

  const StatusOr<Secret>& Get(const std::string& name) {
    const auto found = secrets_.find(name);
    return found != secrets_.end() ? found->second
                                   : secrets_.emplace(name, fetch_(store_, name)).first->second;
  }

 private:
  FetchSecret& fetch_;
  std::string_view store_;
  std::map<std::string, StatusOr<Secret>> secrets_;
};

ValueResolver::ValueResolver(const ResolverOptions& options, FetchSecret fetch, FillRandom random)
    : options_(options), fetch_(std::move(fetch)), random_(std::move(random)) {}

std::vector<ResolvedItem> ValueResolver::Resolve(const ComponentDocument& document,
                                                 Findings& findings) {
  std::vector<ResolvedItem> resolved;
  resolved.reserve(document.metadata.size());
  SecretCache cache(fetch_, document.secret_store);
  for (const MetadataItem& item : document.metadata) {
    ResolvedItem value{item.name, item.value.value_or(""), false, item.location};
    if (TakesEnvironment(item)) {
      FillEnvironment(item, value, findings);
    } else if (TakesSecret(item)) {
      FillSecret(document, item, cache, value, findings);
    }
    FillPlaceholders(value, findings);
    resolved.push_back(std::move(value));
  }
  return resolved;
}

void ValueResolver::FillEnvironment(const MetadataItem& item, ResolvedItem& resolved,
                                    Findings& findings) {
  resolved.is_secret = true;
  const std::string why = WhyNotReadable(item.environment_name, options_);
  if (!why.empty()) {
    ReportAgain(item.location, Quoted(item.name) + ": " + why, findings);
    return;
  }
  std::optional<std::string> value = ReadEnvironment(item.environment_name);
  if (!value.has_value()) {
    findings.Lenient(item.location, Quoted(item.name) + ": the environment variable " +
                                        Quoted(item.environment_name) +
                                        " is not set. Set it, or write the value.");
    return;
  }
  resolved.text = *std::move(value);
}

void ValueResolver::FillSecret(const ComponentDocument& document, const MetadataItem& item,
                               SecretCache& cache, ResolvedItem& resolved, Findings& findings) {
  resolved.is_secret = true;
  const std::string why = WhyNoStore(document);
  if (!why.empty()) {
    ReportAgain(item.location, Quoted(item.name) + ": " + why, findings);
    return;
  }
  const SecretReference& reference = *item.secret;
  const std::string place = Quoted(item.name) + ": the secret " + Quoted(reference.name);
  const StatusOr<Secret>& secret = cache.Get(reference.name);
  if (!secret.ok()) {
    const bool is_absent = secret.status().code() == StatusCode::kNotFound;
    const std::string cause = is_absent
                                  ? " is not in the secret store " + Quoted(document.secret_store) +
                                        ". Add it there, or correct secretKeyRef."
                                  : " cannot be read from " + Quoted(document.secret_store) + ": " +
                                        std::string(secret.status().message());
    findings.Lenient(secret.status().code(), item.location, place + cause);
    return;
  }
  const auto value = secret->find(reference.key.empty() ? reference.name : reference.key);
  if (value == secret->end()) {
    findings.Lenient(StatusCode::kNotFound, item.location,
                     place + " has no key " +
                         Quoted(reference.key.empty() ? reference.name : reference.key) +
                         ". Correct secretKeyRef.key.");
  } else if (!value->second.empty()) {
    resolved.text = value->second;
  }
}

std::string ValueResolver::MakeUuid() {
  std::array<unsigned char, 16> bytes{};
  random_(bytes);
  return FormatUuid(bytes);
}

void ValueResolver::FillPlaceholders(ResolvedItem& resolved, Findings& findings) {
  if (resolved.text.find('{') == std::string::npos) {
    return;
  }
  const std::string name_space =
      (options_.name_space.empty() ? "default" : options_.name_space) + "." + options_.app_id;
  const std::pair<std::string_view, std::string_view> texts[] = {
      {"{uuid}", {}},  // a new one each time
      {"{podName}", options_.pod_name},
      {"{namespace}", name_space},
      {"{appID}", options_.app_id}};
  std::string filled;
  std::string_view left = resolved.text;
  while (!left.empty()) {
    const auto* found =
        std::ranges::find_if(texts, [&](const auto& text) { return left.starts_with(text.first); });
    if (found == std::end(texts)) {
      filled += left.front();
      left.remove_prefix(1);
      continue;
    }
    if (found->first == "{podName}" && options_.pod_name.empty()) {
      findings.Error(resolved.location,
                     Quoted(resolved.name) +
                         " uses {podName}, but no pod name is known. Set POD_NAME "
                         "and open with use_environment.");
    }
    filled += found->first == "{uuid}" ? MakeUuid() : std::string(found->second);
    left.remove_prefix(found->first.size());
  }
  resolved.text = std::move(filled);
}

std::vector<std::string> SecretStoresNeeded(const ComponentDocument& document) {
  if (document.secret_store.empty() || !std::ranges::any_of(document.metadata, TakesSecret)) {
    return {};
  }
  return {document.secret_store};
}

void CheckReferences(const ComponentDocument& document, const ResolverOptions& options,
                     std::span<const std::string> secret_stores, Findings& findings) {
  for (const MetadataItem& item : document.metadata) {
    std::string why;
    if (TakesEnvironment(item)) {
      why = WhyNotReadable(item.environment_name, options);
    } else if (TakesSecret(item)) {
      why = WhyNoStore(document);
    }
    if (!why.empty()) {
      findings.Lenient(item.location, Quoted(item.name) + ": " + why);
    }
  }
  for (const std::string& store : SecretStoresNeeded(document)) {
    if (std::ranges::find(secret_stores, store) == secret_stores.end()) {
      const std::vector<std::string_view> known(secret_stores.begin(), secret_stores.end());
      const std::string hint = DidYouMean(store, known);
      findings.Lenient(StatusCode::kNotFound, document.location,
                       "auth.secretStore " + Quoted(store) + " is not a loaded secret store." +
                           (hint.empty() ? " Add a component of that name." : hint));
    }
  }
}

}  // namespace mecha
