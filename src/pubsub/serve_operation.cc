// SPDX-License-Identifier: Apache-2.0
#include "pubsub/serve_operation.h"

#include <utility>

#include "encoding/quoted.h"

namespace mecha {

ServeOperation::ServeOperation(const Target& target, const CallOptions& call, ServeTables tables,
                               std::shared_ptr<Registration> registration, Served served)
    : Operation(Verb::kServe, target, call),
      tables_(std::move(tables)),
      registration_(std::move(registration)),
      served_(std::move(served)) {}

void ServeOperation::Attempt() {
  const Status served = Serve();
  if (!served.ok()) {
    tables_.registrations.Remove(*registration_);
  }
  AttemptDone(served);
}

// Not before: another try could follow.
void ServeOperation::Finish(const Status& status) {
  if (!status.ok()) {
    registration_->Stop();
  }
}

Status ServeOperation::Serve() {
  tables_.registrations.Add(registration_);
  if (!served_.topics.empty()) {
    return tables_.subscriptions->ServeTopics(context(), registration_, served_.topics);
  }
  const std::vector<std::string_view> patterns(served_.routes.begin(), served_.routes.end());
  return tables_.subscriptions->ServeRoutes(context(), registration_, patterns);
}

std::string ServeOperation::Subject() const {
  if (served_.topics.empty()) {
    return "path " + Quoted(served_.routes.front());
  }
  return "topic " + Quoted(served_.topics.front().topic) + " of " +
         Quoted(served_.topics.front().pubsub_name);
}

std::unique_ptr<Error> ServeOperation::MakeError(const Status& status) {
  auto error = std::make_unique<Error>(
      Error::From(status, "serve " + Subject() + ": " + std::string(status.message())));
  if (!served_.topics.empty()) {
    error->AddDetail("component", served_.topics.front().pubsub_name);
  }
  return error;
}

StopOperation::StopOperation(const Target& target, const CallOptions& call, ServeTables tables,
                             std::shared_ptr<Registration> registration)
    : Operation(Verb::kServeStop, target, call),
      tables_(std::move(tables)),
      registration_(std::move(registration)) {
  SetItems({&report_, 1});
}

void StopOperation::Attempt() {
  Status stopped = tables_.subscriptions->Stop(context(), registration_);
  tables_.registrations.Remove(*registration_);
  AttemptDone(std::move(stopped));
}

void StopOperation::Finish(const Status&) {
  report_.key = "report";
  report_.value = Buffer::CopyOf(ReportJson(*registration_));
}

std::unique_ptr<Error> StopOperation::MakeError(const Status& status) {
  return std::make_unique<Error>(
      Error::From(status, "serve_stop: " + std::string(status.message())));
}

}  // namespace mecha
