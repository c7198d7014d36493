// SPDX-License-Identifier: Apache-2.0
#include "verify.h"

#include <cstdio>
#include <map>
#include <vector>

#include "arrivals.h"
#include "order.h"
#include "report.h"

namespace orders {
namespace {

// Counts differences and prints the first of them.
class Differences {
 public:
  void Add(const std::string& text) {
    constexpr int kShown = 20;
    if (++count_ <= kShown) std::printf("different: %s\n", text.c_str());
    if (count_ == kShown + 1) std::printf("different: and more\n");
  }
  int count() const { return count_; }

 private:
  int count_ = 0;
};

// An id may stand in several lines; when they differ, the store keeps whichever came first.
using Input = std::map<std::string, std::vector<Order>>;

Input ReadInput(OrderFile& file) {
  Input input;
  Line line;
  std::string reason;
  while (file.Next(line)) {
    std::optional<Order> order = ParseOrder(line.text, reason);
    if (order) input[order->id].push_back(*std::move(order));
  }
  return input;
}

// Compares the orders and adds up what the totals have to be.
bool CheckOrders(const mecha::State& store, const Input& input, Totals& wanted,
                 Differences& differences, std::string& problem) {
  std::vector<std::string> ids;
  for (const auto& [id, versions] : input) ids.push_back(id);
  const auto check = [&](const std::string& id, const mecha::Item& item) {
    if (item.status != mecha::Status::kOk) {
      differences.Add("order " + id + " is not in the store");
      return true;
    }
    for (const Order& order : input.at(id)) {
      if (!IsSameJson(order.json, item.value)) continue;
      wanted[order.customer].orders += 1;
      wanted[order.customer].total_cents += order.amount_cents;
      return true;
    }
    differences.Add("order " + id + " has other contents in the store");
    return true;
  };
  if (!ReadEach(store, kOrderPrefix, ids, problem, check)) return false;

  std::vector<std::string> stored;
  if (!ReadNames(store, kOrderPrefix, stored, problem)) return false;
  for (const std::string& id : stored) {
    if (input.count(id) == 0) differences.Add("order " + id + " is not in the input");
  }
  return true;
}

std::string ToText(const Total& total) {
  return std::to_string(total.orders) + " orders, " + Money(total.total_cents);
}

void CheckTotals(const Totals& wanted, const Totals& stored, Differences& differences) {
  for (const auto& [customer, total] : wanted) {
    const auto found = stored.find(customer);
    const Total have = found == stored.end() ? Total{} : found->second;
    if (have.orders == total.orders && have.total_cents == total.total_cents) continue;
    differences.Add(customer + " has " + ToText(have) + " in the store and " + ToText(total) +
                    " in the input");
  }
  for (const auto& [customer, total] : stored) {
    if (wanted.count(customer) == 0) {
      differences.Add(customer + " has " + ToText(total) + " in the store and none in the input");
    }
  }
}

}  // namespace

Verdict Verify(const mecha::State& store, OrderFile& file, std::chrono::seconds patience,
               const std::atomic<bool>& stop, std::string& problem) {
  const Input input = ReadInput(file);
  if (file.IsBroken()) {
    problem = "the input broke before its end";
    return Verdict::kFailed;
  }
  if (patience.count() > 0) {
    std::vector<std::string> ids;
    for (const auto& [id, versions] : input) ids.push_back(id);
    const auto give_up = std::chrono::steady_clock::now() + patience;
    // What is missing at the end is told below.
    if (AwaitOrders(store, ids, give_up, stop, problem) == Arrival::kFailed) {
      return Verdict::kFailed;
    }
  }
  Differences differences;
  Totals wanted;
  Totals stored;
  if (!CheckOrders(store, input, wanted, differences, problem) ||
      !ReadTotals(store, stored, problem)) {
    return Verdict::kFailed;
  }
  CheckTotals(wanted, stored, differences);
  if (differences.count() > 0) {
    std::printf("the store differs from the input in %d places\n", differences.count());
    return Verdict::kDifferent;
  }
  std::printf("verified: %zu orders of %zu customers, all stored once and all totals right\n",
              input.size(), wanted.size());
  return Verdict::kEqual;
}

}  // namespace orders
