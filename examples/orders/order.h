// SPDX-License-Identifier: Apache-2.0
// Order: one line of the input, checked. Not what the store holds for a customer; that is Total.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace orders {

struct Order {
  std::string id;
  std::string customer;
  std::int64_t amount_cents = 0;
  std::string json;  // the whole line, normalised

  std::string Key() const { return "order-" + id; }
  std::string CustomerKey() const;
};

// The running total of one customer.
struct Total {
  std::int64_t orders = 0;
  std::int64_t total_cents = 0;

  std::string ToJson() const;
};

inline constexpr std::string_view kOrderPrefix = "order-";
inline constexpr std::string_view kCustomerPrefix = "customer-";

// Reads one line; none when it is no order, and then `reason` tells why.
std::optional<Order> ParseOrder(std::string_view line, std::string& reason);

// Reads what Total::ToJson wrote; none when it is something else.
std::optional<Total> ParseTotal(std::string_view json);

// True when both texts are the same JSON, however it is spaced and ordered.
bool IsSameJson(std::string_view one, std::string_view other);

}  // namespace orders
