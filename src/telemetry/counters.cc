// SPDX-License-Identifier: Apache-2.0
#include "telemetry/counters.h"

namespace mecha {

std::string_view NameOf(Verb verb) {
  switch (verb) {
    case Verb::kGet:
      return "get";
    case Verb::kGetMany:
      return "get_many";
    case Verb::kSet:
      return "set";
    case Verb::kDelete:
      return "delete";
    case Verb::kApply:
      return "apply";
    case Verb::kList:
      return "list";
    case Verb::kQuery:
      return "query";
    case Verb::kSecretGet:
      return "get";
    case Verb::kSecretList:
      return "list";
    case Verb::kPublish:
      return "publish";
    case Verb::kPublishMany:
      return "publish_many";
    case Verb::kServe:
      return "serve";
    case Verb::kResource:
      return "resource";
    case Verb::kServeStop:
      return "serve_stop";
    case Verb::kPing:
      return "ping";
    case Verb::kCount:
      break;
  }
  return "unknown";
}

void Counters::Observe(const Observation& observation) {
  Row& row = rows_[static_cast<size_t>(observation.verb)];
  row.calls.fetch_add(1, std::memory_order_relaxed);
  row.nanoseconds.fetch_add(static_cast<uint64_t>(observation.elapsed.count()),
                            std::memory_order_relaxed);
  if (observation.bytes != 0) {
    row.bytes.fetch_add(observation.bytes, std::memory_order_relaxed);
  }
  if (observation.is_failure) {
    row.failures.fetch_add(1, std::memory_order_relaxed);
  }
  if (observation.retries != 0) {
    row.retries.fetch_add(observation.retries, std::memory_order_relaxed);
  }
}

Counters::Snapshot Counters::Read(Verb verb) const {
  const Row& row = rows_[static_cast<size_t>(verb)];
  return {.calls = row.calls.load(std::memory_order_relaxed),
          .failures = row.failures.load(std::memory_order_relaxed),
          .retries = row.retries.load(std::memory_order_relaxed),
          .nanoseconds = row.nanoseconds.load(std::memory_order_relaxed),
          .bytes = row.bytes.load(std::memory_order_relaxed)};
}

}  // namespace mecha
