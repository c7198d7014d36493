// SPDX-License-Identifier: Apache-2.0
#include "ledger.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

namespace orders {
namespace {

using std::chrono::microseconds;

// Pauses of a random length whose ceiling doubles, so that rivals do not meet again and again.
class Backoff {
 public:
  void Pause() {
    thread_local std::minstd_rand random(std::random_device{}());
    std::uniform_int_distribution<std::int64_t> length(0, ceiling_.count());
    std::this_thread::sleep_for(microseconds(length(random)));
    ceiling_ = std::min(ceiling_ * 2, microseconds(200'000));
  }

 private:
  microseconds ceiling_{100};
};

// How long a store that comes and goes is waited for.
constexpr std::chrono::seconds kPatience{30};

}  // namespace

Outcome Ledger::Store(const Order& order, std::string& problem) {
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  bool may_be_ours = false;
  Backoff backoff;
  while (true) {
    switch (StoreOnce(order, problem)) {
      case Try::kStored:
        return Outcome::kStored;
      case Try::kAlreadyStored:
        return may_be_ours ? Outcome::kStored : Outcome::kAlreadyStored;
      case Try::kTotalChanged:
        ++retries_;
        break;
      case Try::kUnclear:
        // The write may have happened. Trying again cannot count the order twice: its key is
        // written only while absent, in one transaction with the total.
        may_be_ours = true;
        [[fallthrough]];
      case Try::kUnavailable:
        if (std::chrono::steady_clock::now() > give_up) return Outcome::kFailed;
        break;
      case Try::kFailed:
        return Outcome::kFailed;
    }
    backoff.Pause();
  }
}

Ledger::Try Ledger::StoreOnce(const Order& order, std::string& problem) {
  const std::string order_key = order.Key();
  const std::string customer_key = order.CustomerKey();
  const mecha::Result<mecha::Values> seen = store_.GetMany({order_key, customer_key});
  if (!seen.ok()) {
    problem = seen.error().message();
    return TryOf(seen.error());
  }
  for (std::size_t i = 0; i < seen->size(); ++i) {
    const mecha::Status status = (*seen)[i].status;
    if (status == mecha::Status::kOk || status == mecha::Status::kNotFound) continue;
    problem = seen->Message(i);
    return Try::kFailed;
  }
  if ((*seen)[0].status == mecha::Status::kOk) return Try::kAlreadyStored;

  const mecha::Item customer = (*seen)[1];
  Total total;
  if (customer.status == mecha::Status::kOk) {
    const std::optional<Total> stored = ParseTotal(customer.value);
    if (!stored) {
      problem = "the store's " + customer_key + " is not a total: " + std::string(customer.value);
      return Try::kFailed;
    }
    total = *stored;
  }
  total.orders += 1;
  total.total_cents += order.amount_cents;
  return Write(order, total, customer.etag, problem);
}

Ledger::Try Ledger::Write(const Order& order, const Total& total, std::string_view etag,
                          std::string& problem) {
  const std::string order_key = order.Key();
  const std::string customer_key = order.CustomerKey();
  const std::string total_json = total.ToJson();
  mecha::SetOptions create;  // first write without an etag: only while the key is absent
  create.is_first_write = true;
  create.content_type = mecha::kJson;
  mecha::SetOptions replace = create;  // with an etag: only over the total that was read
  replace.etag = etag;
  const mecha::Result<mecha::Outcomes> written =
      store_.Apply({mecha::Write::Set(order_key, order.json, create),
                    mecha::Write::Set(customer_key, total_json, replace)});
  if (written.ok()) return Try::kStored;

  const mecha::Error& error = written.error();
  problem = error.message();
  if (error.status() == mecha::Status::kAborted && !error.maybe_applied()) {
    // Which of the two was it? Item 0 is the order, item 1 the total.
    const bool is_order = error.answer().item(0).status == mecha::Status::kAborted;
    return is_order ? Try::kAlreadyStored : Try::kTotalChanged;
  }
  return TryOf(error);
}

Ledger::Try Ledger::TryOf(const mecha::Error& error) {
  if (error.maybe_applied()) return Try::kUnclear;
  const bool can_pass = error.retryable() != mecha::Retryable::kNo;
  return can_pass ? Try::kUnavailable : Try::kFailed;
}

}  // namespace orders
