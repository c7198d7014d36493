// SPDX-License-Identifier: Apache-2.0
#include "publisher.h"

#include <chrono>
#include <cstdio>
#include <thread>

namespace orders {
namespace {

constexpr std::size_t kAtOnce = 100;
// How long a broker that comes and goes is waited for.
constexpr std::chrono::seconds kPatience{30};
constexpr std::chrono::milliseconds kPause{200};

}  // namespace

bool Publisher::Run() {
  Line line;
  while (!stop_ && file_.Next(line)) {
    Add(line);
    if (batch_.size() == kAtOnce && !PublishBatch()) return false;
  }
  if (!PublishBatch()) return false;
  if (file_.IsBroken()) problem_ = "the input broke before its end";
  return problem_.empty();
}

void Publisher::Add(const Line& line) {
  ++lines_;
  std::string reason;
  std::optional<Order> order = ParseOrder(line.text, reason);
  if (!order) {
    ++skipped_;
    std::fprintf(stderr, "%s: skipped: %s\n", file_.PlaceOf(line).c_str(), reason.c_str());
    return;
  }
  batch_.push_back(*std::move(order));
}

// A batch of which a part failed is published again as a whole: that is safe, see above.
bool Publisher::PublishBatch() {
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  while (!PublishOnce()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::sleep_for(kPause);
  }
  problem_.clear();
  for (Order& order : batch_) ids_.push_back(std::move(order.id));
  batch_.clear();
  return true;
}

bool Publisher::PublishOnce() {
  if (batch_.empty()) return true;
  std::vector<mecha::Message> messages;
  for (const Order& order : batch_) messages.push_back(mecha::Message::Json(order.json));
  const mecha::Result<mecha::PublishedMany> published = broker_.PublishMany(kTopic, messages);
  if (!published.ok()) {
    problem_ = published.error().message();
    return false;
  }
  for (std::size_t i = 0; i < published->size(); ++i) {
    if ((*published)[i].status == mecha::Status::kOk) continue;
    problem_ = "order " + batch_[i].id + ": " + std::string(published->Message(i));
    return false;
  }
  return true;
}

void Publisher::PrintSummary(double seconds) const {
  std::printf("%lld lines in %.2f s: %zu orders published, %lld skipped\n",
              static_cast<long long>(lines_), seconds, ids_.size(),
              static_cast<long long>(skipped_));
}

}  // namespace orders
