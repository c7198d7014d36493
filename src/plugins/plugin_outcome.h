// SPDX-License-Identifier: Apache-2.0
// Outcomes: what a plug-in hands to `complete`, copied into the types of the contract. It checks
// what a plug-in may get wrong: how many items there are, statuses that are none, etags that are
// too long. Such an outcome is INTERNAL and says what is wrong with the plug-in; of a write, nobody
// can tell then whether it was applied. Stateless, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/pub_sub.h"
#include "contract/secret_store.h"
#include "contract/state_store.h"
#include "mecha/component.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha {

inline std::string_view TextOf(mecha_view view) {
  return {static_cast<const char*>(view.data), view.data == nullptr ? 0 : view.size};
}
inline mecha_view ViewOf(std::string_view text) { return {text.data(), text.size()}; }

// None for 0, and for what is beyond the clock's reach (the year 2262).
std::optional<WallTime> TimeOf(int64_t unix_ms);

// INTERNAL that blames the plug-in, and maybe applied.
Status WrongPlugin(std::string_view what);

// The C status of a code, and how a plug-in's status reads.
inline mecha_status StatusNumber(StatusCode code) { return -static_cast<mecha_status>(code); }
Status PluginStatus(mecha_status status, uint32_t applied, mecha_view message);

// Each reads one kind of outcome; `expected` is how many items there must be, where that is known.
template <class T>
using ReadOutcome = StatusOr<T> (*)(const mecha_outcome& outcome, size_t expected);

// For operations without a result; the number means nothing.
StatusOr<int> ReadNothing(const mecha_outcome& outcome, size_t expected);
StatusOr<StateValue> ReadValue(const mecha_outcome& outcome, size_t expected);
StatusOr<std::vector<StatusOr<StateValue>>> ReadValues(const mecha_outcome& outcome,
                                                       size_t expected);
StatusOr<Etag> ReadEtag(const mecha_outcome& outcome, size_t expected);
StatusOr<std::vector<WriteOutcome>> ReadEtags(const mecha_outcome& outcome, size_t expected);
StatusOr<ListPage> ReadPage(const mecha_outcome& outcome, size_t expected);
StatusOr<Secret> ReadSecret(const mecha_outcome& outcome, size_t expected);
StatusOr<SecretList> ReadSecrets(const mecha_outcome& outcome, size_t expected);
StatusOr<std::string> ReadBrokerId(const mecha_outcome& outcome, size_t expected);
StatusOr<std::vector<PublishOutcome>> ReadBrokerIds(const mecha_outcome& outcome, size_t expected);
// Which of the renewed leases were lost, by their place.
StatusOr<std::vector<uint64_t>> ReadLost(const mecha_outcome& outcome, size_t expected);

}  // namespace mecha
