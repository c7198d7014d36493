// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <algorithm>
#include <cstdio>

namespace orders {
namespace {

constexpr std::size_t kShown = 10;
constexpr std::size_t kNameWidth = 24;

// Columns are counted in characters: printf counts the bytes of a name.
std::string Padded(std::string name) {
  const auto continues = [](char byte) { return (static_cast<unsigned char>(byte) >> 6) == 2; };
  const auto hidden = std::count_if(name.begin(), name.end(), continues);
  const std::size_t width = name.size() - static_cast<std::size_t>(hidden);
  if (width < kNameWidth) name.append(kNameWidth - width, ' ');
  return name;
}

void PrintRow(const std::string& name, const Total& total) {
  std::printf("%s %8lld %14s\n", Padded(name).c_str(), static_cast<long long>(total.orders),
              Money(total.total_cents).c_str());
}

}  // namespace

bool ReadNames(const mecha::State& store, std::string_view prefix, std::vector<std::string>& names,
               std::string& problem) {
  mecha::KeyCursor keys = store.Keys(prefix);
  while (keys.Next()) names.emplace_back(keys.key().substr(prefix.size()));
  if (!keys.ok()) {
    problem = keys.error().message();
    return false;
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return true;
}

bool ReadTotals(const mecha::State& store, Totals& totals, std::string& problem) {
  std::vector<std::string> customers;
  if (!ReadNames(store, kCustomerPrefix, customers, problem)) return false;
  return ReadEach(store, kCustomerPrefix, customers, problem,
                  [&](const std::string& customer, const mecha::Item& item) {
                    const std::optional<Total> total = ParseTotal(item.value);
                    if (!total) {
                      problem = "the store's total of " + customer + " cannot be read";
                      return false;
                    }
                    totals[customer] = *total;
                    return true;
                  });
}

std::string Money(std::int64_t cents) {
  const std::int64_t rest = cents % 100;
  return std::to_string(cents / 100) + (rest < 10 ? ".0" : ".") + std::to_string(rest);
}

void PrintTotals(const Totals& totals) {
  std::vector<std::pair<std::string, Total>> rows(totals.begin(), totals.end());
  std::sort(rows.begin(), rows.end(), [](const auto& one, const auto& other) {
    return one.second.total_cents > other.second.total_cents;
  });
  Total sum;
  for (const auto& [customer, total] : rows) {
    sum.orders += total.orders;
    sum.total_cents += total.total_cents;
  }
  std::printf("\n%s %8s %14s\n", Padded("customer").c_str(), "orders", "total");
  for (std::size_t i = 0; i < rows.size() && i < kShown; ++i)
    PrintRow(rows[i].first, rows[i].second);
  if (rows.size() > kShown) {
    std::printf("... and %zu customers more\n", rows.size() - kShown);
  }
  PrintRow(std::to_string(rows.size()) + " customers", sum);
}

}  // namespace orders
