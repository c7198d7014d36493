// SPDX-License-Identifier: Apache-2.0
#include "order.h"

#include <nlohmann/json.hpp>

namespace orders {
namespace {

using nlohmann::json;

constexpr std::size_t kLongestName = 200;
constexpr std::int64_t kLargestAmount = 1'000'000'000'000;  // cents

json Parse(std::string_view text) { return json::parse(text, nullptr, false); }

// A text that can be part of a key: "||" separates the parts of a key in the store.
bool ReadName(const json& line, const char* field, std::string& name, std::string& reason) {
  const auto found = line.find(field);
  if (found == line.end() || !found->is_string()) {
    reason = std::string("no text \"") + field + "\"";
    return false;
  }
  name = found->get<std::string>();
  if (name.empty() || name.size() > kLongestName || name.find("||") != std::string::npos) {
    reason = std::string("\"") + field + "\" is empty, over 200 bytes or holds \"||\"";
    return false;
  }
  return true;
}

bool ReadAmount(const json& line, std::int64_t& amount, std::string& reason) {
  const auto found = line.find("amount_cents");
  if (found == line.end() || !found->is_number_unsigned() ||
      found->get<std::uint64_t>() > std::uint64_t{kLargestAmount}) {
    reason = "\"amount_cents\" is not a whole number of cents from 0 to 10^12";
    return false;
  }
  amount = found->get<std::int64_t>();
  return true;
}

}  // namespace

std::string Order::CustomerKey() const { return std::string(kCustomerPrefix) + customer; }

std::string Total::ToJson() const {
  return json{{"orders", orders}, {"total_cents", total_cents}}.dump();
}

std::optional<Order> ParseOrder(std::string_view line, std::string& reason) {
  const json parsed = Parse(line);
  if (!parsed.is_object()) {
    reason = parsed.is_discarded() ? "not JSON" : "not a JSON object";
    return std::nullopt;
  }
  Order order;
  if (!ReadName(parsed, "id", order.id, reason) ||
      !ReadName(parsed, "customer", order.customer, reason) ||
      !ReadAmount(parsed, order.amount_cents, reason)) {
    return std::nullopt;
  }
  order.json = parsed.dump();
  return order;
}

std::optional<Total> ParseTotal(std::string_view text) {
  const json parsed = Parse(text);
  if (!parsed.is_object()) return std::nullopt;
  const auto orders = parsed.find("orders");
  const auto cents = parsed.find("total_cents");
  if (orders == parsed.end() || !orders->is_number_integer() || cents == parsed.end() ||
      !cents->is_number_integer()) {
    return std::nullopt;
  }
  return Total{orders->get<std::int64_t>(), cents->get<std::int64_t>()};
}

bool IsSameJson(std::string_view one, std::string_view other) {
  return one == other || Parse(one) == Parse(other);
}

}  // namespace orders
