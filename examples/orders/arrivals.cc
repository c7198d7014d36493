// SPDX-License-Identifier: Apache-2.0
#include "arrivals.h"

#include <cstdio>
#include <thread>

#include "order.h"
#include "report.h"

namespace orders {
namespace {

constexpr std::size_t kAtOnce = 100;
constexpr std::chrono::milliseconds kPause{20};
constexpr std::size_t kOrdersPerMessage = 1000;

// The ids among `ids` that are not in the store, in `missing`.
bool FindMissing(const mecha::State& store, const std::vector<std::string>& ids,
                 std::vector<std::string>& missing, std::string& problem) {
  missing.clear();
  return ReadEach(store, kOrderPrefix, ids, problem,
                  [&](const std::string& id, const mecha::Item& item) {
                    if (item.status == mecha::Status::kOk) return true;
                    missing.push_back(id);
                    problem = "order " + id + ": " + std::string(mecha::NameOf(item.status));
                    return item.status == mecha::Status::kNotFound;
                  });
}

}  // namespace

Arrival AwaitOrders(const mecha::State& store, const std::vector<std::string>& ids,
                    std::chrono::steady_clock::time_point give_up, const std::atomic<bool>& stop,
                    std::string& problem) {
  std::vector<std::string> awaited;
  std::vector<std::string> missing;
  std::size_t shown = 0;
  for (std::size_t next = 0; next < ids.size() || !awaited.empty();) {
    while (awaited.size() < kAtOnce && next < ids.size()) awaited.push_back(ids[next++]);
    if (!FindMissing(store, awaited, missing, problem)) return Arrival::kFailed;
    const bool has_arrived = missing.size() < awaited.size();
    awaited.swap(missing);
    const std::size_t there = next - awaited.size();
    if (there / kOrdersPerMessage > shown) {
      shown = there / kOrdersPerMessage;
      std::fprintf(stderr, "%zu of %zu orders are in the store\n", there, ids.size());
    }
    if (stop) return Arrival::kStopped;
    if (has_arrived) continue;
    if (std::chrono::steady_clock::now() > give_up) {
      problem = std::to_string(ids.size() - there) + " of " + std::to_string(ids.size()) +
                " orders are not in the store yet; does a worker run?";
      return Arrival::kTooLate;
    }
    std::this_thread::sleep_for(kPause);
  }
  return Arrival::kAll;
}

}  // namespace orders
