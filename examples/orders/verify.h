// SPDX-License-Identifier: Apache-2.0
// Compares the store with the input: every order once, every total right. It writes nothing.
#pragma once

#include <atomic>
#include <chrono>
#include <mecha/state.hpp>
#include <string>

#include "order_file.h"

namespace orders {

enum class Verdict { kEqual, kDifferent, kFailed };

// Reads the whole input and the whole store and prints what differs. Before that it waits up to
// `patience`, or until `stop` is set, for the orders that are not there yet. kFailed: the store
// cannot be read, and `problem` tells why.
Verdict Verify(const mecha::State& store, OrderFile& file, std::chrono::seconds patience,
               const std::atomic<bool>& stop, std::string& problem);

}  // namespace orders
