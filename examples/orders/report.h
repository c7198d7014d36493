// SPDX-License-Identifier: Apache-2.0
// Reads what the store holds: the totals of all customers, as a map and as a printed table.
#pragma once

#include <map>
#include <mecha/state.hpp>
#include <string>
#include <vector>

#include "order.h"

namespace orders {

using Totals = std::map<std::string, Total>;  // by customer

// Reads every customer's total. False when the store fails; `problem` tells why.
bool ReadTotals(const mecha::State& store, Totals& totals, std::string& problem);

// The keys of the store that start with `prefix`, without it.
bool ReadNames(const mecha::State& store, std::string_view prefix, std::vector<std::string>& names,
               std::string& problem);

// Reads prefix + name for every name and hands each (name, item) to `take`, which returns false to
// stop. False when the store fails or `take` stopped.
template <class Take>
bool ReadEach(const mecha::State& store, std::string_view prefix,
              const std::vector<std::string>& names, std::string& problem, Take take) {
  constexpr std::size_t kAtOnce = 100;
  for (std::size_t begin = 0; begin < names.size(); begin += kAtOnce) {
    std::vector<std::string> keys;
    for (std::size_t i = begin; i < names.size() && i < begin + kAtOnce; ++i) {
      keys.push_back(std::string(prefix) + names[i]);
    }
    const std::vector<std::string_view> views(keys.begin(), keys.end());
    const mecha::Result<mecha::Values> values = store.GetMany(views);
    if (!values.ok()) {
      problem = values.error().message();
      return false;
    }
    for (std::size_t i = 0; i < views.size(); ++i) {
      if (!take(names[begin + i], (*values)[i])) return false;
    }
  }
  return true;
}

// "1234.56" for 123456 cents.
std::string Money(std::int64_t cents);

// Prints the ten largest customers and the sum of all to standard output.
void PrintTotals(const Totals& totals);

}  // namespace orders
