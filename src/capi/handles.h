// SPDX-License-Identifier: Apache-2.0
// The opaque handles of include/mecha and what stands behind them.
#pragma once

#include <memory>

#include "mecha/types.h"
#include "operation/completion_queue.h"
#include "operation/error.h"
#include "operation/operation.h"
#include "runtime/runtime.h"

struct mecha_runtime {
  std::unique_ptr<mecha::Runtime> runtime;
};

// A queue may outlive its runtime, so it shares what it needs of it.
struct mecha_queue {
  std::shared_ptr<mecha::CompletionQueue> queue;
  std::shared_ptr<mecha::RuntimeHost> host;
  std::shared_ptr<mecha::OperationTable> operations;
  std::shared_ptr<mecha::RegistrationTable> registrations;
  std::weak_ptr<mecha::SubscriptionTable> subscriptions;
};

// It may outlive its runtime, too.
struct mecha_registration {
  std::shared_ptr<mecha::Registration> registration;
  std::shared_ptr<mecha::RuntimeHost> host;
  std::shared_ptr<mecha::RegistrationTable> registrations;
  std::weak_ptr<mecha::SubscriptionTable> subscriptions;
};

struct mecha_error {
  mecha::Error error;
};

namespace mecha::capi {

inline mecha_result* ToHandle(Result* result) { return reinterpret_cast<mecha_result*>(result); }
inline Result* FromHandle(mecha_result* result) { return reinterpret_cast<Result*>(result); }
inline const Result* FromHandle(const mecha_result* result) {
  return reinterpret_cast<const Result*>(result);
}
inline const mecha_error* ToError(const Error* error) {
  return reinterpret_cast<const mecha_error*>(error);
}

}  // namespace mecha::capi
