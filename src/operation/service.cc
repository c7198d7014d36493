// SPDX-License-Identifier: Apache-2.0
#include "operation/service.h"

#include <utility>

#include "encoding/quoted.h"
#include "result/status.h"

namespace mecha {

std::string_view NameOf(Health health) {
  switch (health) {
    case Health::kPending:
      return "pending";
    case Health::kReady:
      return "ready";
    case Health::kBroken:
      return "broken";
    case Health::kClosed:
      return "closed";
  }
  return "unknown";
}

Service::Service(Identity identity, const ComponentInfo& info, Host& host, OperationOwner& owner)
    : identity_(std::move(identity)), info_(info), host_(host), owner_(owner) {}

Status Service::cause() const {
  const std::lock_guard lock(mutex_);
  return cause_;
}

void Service::SetHealth(Health health, const Status& cause) {
  const std::lock_guard lock(mutex_);
  cause_ = cause;
  health_.store(health, std::memory_order_release);
}

std::string Service::Name() const {
  return identity_.block + " \"" + identity_.name + "\" (" + std::string(info_.type) + ")";
}

Status Service::NotReady() const {
  const Status why = cause();
  std::string message = Name() + ": the component is " + std::string(NameOf(health()));
  if (!why.ok()) {
    message += ": " + std::string(why.message());
  }
  return Unavailable(message);
}

std::unique_ptr<Error> Service::MakeError(Verb verb, std::string_view subject,
                                          const Status& status) const {
  std::string message = Name() + ": " + std::string(NameOf(verb));
  if (!subject.empty()) {
    message += " " + Quoted(subject);
  }
  if (!status.message().empty()) {
    message += ": " + std::string(status.message());
  }
  auto error = std::make_unique<Error>(Error::From(status, std::move(message)));
  error->AddDetail("component", identity_.name);
  error->AddDetail("type", std::string(info_.type));
  error->AddDetail("operation", std::string(NameOf(verb)));
  error->AddDetail("file", identity_.file);
  error->AddDetail("line", std::to_string(identity_.line));
  return error;
}

}  // namespace mecha
