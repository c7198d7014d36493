// SPDX-License-Identifier: Apache-2.0
// Waits for published orders to be in the store, whichever worker puts them there.
#pragma once

#include <atomic>
#include <chrono>
#include <mecha/state.hpp>
#include <string>
#include <vector>

namespace orders {

enum class Arrival { kAll, kStopped, kTooLate, kFailed };

// Blocks until the store has every order of `ids`, `stop` is set or `give_up` has come, and shows
// how far it is. kFailed: the store cannot be read, and `problem` tells why.
Arrival AwaitOrders(const mecha::State& store, const std::vector<std::string>& ids,
                    std::chrono::steady_clock::time_point give_up, const std::atomic<bool>& stop,
                    std::string& problem);

}  // namespace orders
