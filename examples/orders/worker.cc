// SPDX-License-Identifier: Apache-2.0
#include "worker.h"

#include <mecha/serve.h>
#include <cstdio>

#include "publisher.h"

namespace orders {
namespace {

// Each thread has a few orders at hand, so that none waits for the broker.
constexpr std::uint32_t kOrdersPerThread = 8;
constexpr std::chrono::seconds kTimeToFinish{30};

// As a worker is told: where the orders come from, and where goes what is none.
std::string Subscription() {
  return std::string("{\"pubsubname\": \"") + kBroker + "\", \"topic\": \"" + kTopic +
         "\", \"deadLetterTopic\": \"" + kRefusedTopic +
         "\", \"metadata\": {\"redeliveryAttempts\": \"1000000\"}}";
}

}  // namespace

bool Worker::Start(int thread_count) {
  mecha::Result<mecha::Queue> queue = mecha::Queue::Open(runtime_);
  if (!queue.ok()) {
    problem_ = queue.error().message();
    return false;
  }
  queue_ = std::move(*queue);
  if (!Serve(thread_count)) return false;
  for (int i = 0; i < thread_count; ++i) threads_.emplace_back([this] { Work(); });
  return true;
}

bool Worker::Serve(int thread_count) {
  const std::string spec = Subscription();
  mecha_serve_options options{};
  options.struct_size = sizeof options;
  options.kind = MECHA_SERVE_TOPIC;
  options.credit = static_cast<std::uint32_t>(thread_count) * kOrdersPerThread;
  options.spec = mecha::ToView(spec);
  mecha_result* result = nullptr;
  const mecha_status status =
      mecha_serve(runtime_.get(), nullptr, queue_->get(), &options, &registration_, &result);
  const mecha::Answer answer(result);
  if (status == MECHA_OK) return true;
  problem_ = mecha_error_message(mecha_result_error(answer.get(), MECHA_RESULT_WHOLE));
  return false;
}

// Ends when the queue is closed.
void Worker::Work() {
  while (true) {
    const mecha::Result<mecha::Event> event = queue_->Next(std::chrono::nanoseconds(-1));
    if (!event.ok()) return;
    if (event->kind() != MECHA_EVENT_REQUEST) continue;
    mecha_reply reply{};
    reply.struct_size = sizeof reply;
    reply.verdict = Handle(event->answer().item(0).value);
    // GONE: another worker has it now. It finds the order stored, so there is nothing to undo.
    (void)mecha_request_reply(runtime_.get(), event->id(), &reply);
  }
}

std::uint32_t Worker::Handle(std::string_view text) {
  std::string problem;
  const std::optional<Order> order = ParseOrder(text, problem);
  if (!order) {
    std::fprintf(stderr, "orders: message refused: %s\n", problem.c_str());
    return MECHA_VERDICT_DROP;
  }
  switch (ledger_.Store(*order, problem)) {
    case Outcome::kStored:
      ++stored_;
      return MECHA_VERDICT_OK;
    case Outcome::kAlreadyStored:
      ++already_stored_;
      return MECHA_VERDICT_OK;
    case Outcome::kFailed:
      break;
  }
  std::fprintf(stderr, "orders: order %s was not stored: %s\n", order->id.c_str(), problem.c_str());
  return MECHA_VERDICT_RETRY;
}

bool Worker::Stop() {
  mecha_status status = MECHA_OK;
  if (registration_ != nullptr) {
    mecha_call call{};
    call.struct_size = sizeof call;
    call.timeout_ns = std::chrono::nanoseconds(kTimeToFinish).count();
    status = mecha_serve_stop(runtime_.get(), &call, registration_, nullptr);
  }
  if (queue_) queue_->Close();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  mecha_registration_free(registration_);
  registration_ = nullptr;
  queue_.reset();
  if (status != MECHA_OK) problem_ = mecha_status_name(status);
  return status == MECHA_OK;
}

}  // namespace orders
