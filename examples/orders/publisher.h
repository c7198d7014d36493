// SPDX-License-Identifier: Apache-2.0
// Publisher: reads orders and publishes each of them, many at a time. A line that is no order is
// reported and skipped. Publishing an order again is harmless: the worker stores it once.
#pragma once

#include <atomic>
#include <cstdint>
#include <mecha/pubsub.hpp>
#include <string>
#include <vector>

#include "order.h"
#include "order_file.h"

namespace orders {

inline constexpr char kBroker[] = "order-messages";  // the pubsub component in the YAML
inline constexpr char kTopic[] = "orders";
inline constexpr char kRefusedTopic[] = "orders-refused";  // messages that are no orders

class Publisher {
 public:
  // `stop` is set by a signal: what has been read is still published.
  Publisher(mecha::PubSub broker, OrderFile& file, const std::atomic<bool>& stop)
      : broker_(std::move(broker)), file_(file), stop_(stop) {}

  // Publishes everything. Blocks. False when the broker or the input failed; problem() tells why.
  bool Run();

  // Prints what was done to standard output.
  void PrintSummary(double seconds) const;
  const std::string& problem() const { return problem_; }
  std::int64_t lines() const { return lines_; }
  std::int64_t skipped() const { return skipped_; }
  // The ids of what was published; some stand in several lines.
  const std::vector<std::string>& ids() const { return ids_; }

 private:
  void Add(const Line& line);
  bool PublishBatch();
  bool PublishOnce();

  mecha::PubSub broker_;
  OrderFile& file_;
  const std::atomic<bool>& stop_;
  std::vector<Order> batch_;
  std::vector<std::string> ids_;
  std::int64_t lines_ = 0;
  std::int64_t skipped_ = 0;
  std::string problem_;
};

}  // namespace orders
