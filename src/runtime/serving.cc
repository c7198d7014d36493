// SPDX-License-Identifier: Apache-2.0
#include "runtime/serving.h"

#include <utility>

#include "config/subscription_reader.h"
#include "encoding/json.h"
#include "pubsub/serve_operation.h"

namespace mecha {
namespace {

// The metadata of a subscription as the spec it would be part of.
std::string SpecOf(const ServeRequest& request) {
  std::string spec = "{\"metadata\":{";
  for (size_t i = 0; i < request.settings.size(); ++i) {
    spec += i == 0 ? "" : ",";
    AppendJsonString(spec, request.settings[i].first);
    spec += ':';
    AppendJsonString(spec, request.settings[i].second);
  }
  return spec + "}}";
}

Status CheckSpecAlone(const ServeRequest& request) {
  if (request.spec.empty() ||
      (request.component.empty() && request.names.empty() && request.settings.empty())) {
    return OkStatus();
  }
  return InvalidArgument("spec stands instead of component, names and settings; set it or them");
}

StatusOr<std::vector<SubscriptionSpec>> TopicsOf(const ServeRequest& request) {
  RETURN_IF_ERROR(CheckSpecAlone(request));
  std::vector<std::string> unknown;
  ASSIGN_OR_RETURN(
      SubscriptionSpec spec,
      ReadSubscriptionSpec(request.spec.empty() ? SpecOf(request) : request.spec, &unknown));
  if (!unknown.empty()) {
    return InvalidArgument(unknown.front());  // a document warns; what a program sets must be known
  }
  std::vector<std::string_view> topics = request.names;
  if (request.spec.empty()) {
    spec.pubsub_name = request.component;
  } else {
    topics.push_back(spec.topic);
  }
  if (spec.pubsub_name.empty()) {
    return InvalidArgument(request.spec.empty() ? "no component is named; set component"
                                                : "the spec names no component; set pubsubname");
  }
  std::vector<SubscriptionSpec> specs;
  for (const std::string_view topic : topics) {
    if (topic.empty()) {
      return InvalidArgument("a topic is empty; name one");
    }
    SubscriptionSpec& one = specs.emplace_back(spec);
    one.topic = topic;
    if (one.default_path == "") {
      one.default_path = topic;
    }
  }
  if (specs.empty()) {
    return InvalidArgument("no topic is named; set names, or topic in the spec");
  }
  return specs;
}

void TakeBulk(const SubscriptionSpec& spec, RegistrationOptions& options) {
  if (spec.bulk.is_enabled && !options.is_batch) {
    options.is_batch = true;
    options.batch_max = spec.bulk.most_messages;
    options.batch_wait = spec.bulk.longest_wait;
  }
}

}  // namespace

Serving::Serving(std::shared_ptr<RuntimeHost> host, std::shared_ptr<OperationTable> operations,
                 SubscriptionTable::FindBlock find_block, Strictness strictness)
    : host_(std::move(host)),
      requests_(std::make_shared<RequestTable>(host_->clock())),
      registrations_(std::make_shared<RegistrationTable>()),
      subscriptions_(
          std::make_shared<SubscriptionTable>(host_, std::move(find_block), strictness)) {
  requests_->SetCancelListener(
      [operations = std::move(operations)](uint64_t id) { operations->StopAllWithin(id); });
}

StatusOr<Serving::Begun> Serving::Serve(const Target& target, const CallOptions& call,
                                        const ServeRequest& request) {
  Served served;
  RegistrationOptions options = request.options;
  if (request.is_topic) {
    ASSIGN_OR_RETURN(served.topics, TopicsOf(request));
    TakeBulk(served.topics.front(), options);
  } else if (!request.component.empty() || !request.settings.empty() || !request.spec.empty()) {
    return InvalidArgument(
        "a ROUTE has names alone; component, settings and spec are the subscription document's");
  } else if (request.names.empty()) {
    return InvalidArgument("no path is named; set names");
  } else {
    served.routes.assign(request.names.begin(), request.names.end());
  }
  Begun begun;
  begun.registration =
      std::make_shared<Registration>(host_, requests_, request.queue, std::move(options));
  subscriptions_->Listen(*begun.registration);
  begun.prepared.operation = new ServeOperation(target, call, {*registrations_, subscriptions_},
                                                begun.registration, std::move(served));
  return begun;
}

StatusOr<Prepared> Serving::Stop(const Target& target, const CallOptions& call,
                                 const std::shared_ptr<Registration>& registration) {
  if (registration->is_stopped()) {
    return Status(StatusCode::kClosed, "the registration is stopped already");
  }
  return Prepared{new StopOperation(target, call, {*registrations_, subscriptions_}, registration),
                  {}};
}

bool Serving::Drain(Deadline deadline) {
  registrations_->HoldAll();
  bool is_clean = subscriptions_->Drain(deadline);
  // What is being stopped just now has left the subscriptions; its handlers have as much time.
  for (const auto& registration : registrations_->all()) {
    if (!registration->AwaitAnswers(deadline)) {
      is_clean = false;
      registration->Abandon(nullptr);
    }
  }
  return is_clean;
}

void Serving::Resume(Duration timeout) {
  Waiter waiter;
  CallContext call;
  call.waiter = &waiter;
  call.may_block = true;
  call.deadline = Deadline::After(host_->clock().Now(), timeout);
  registrations_->ResumeAll();
  subscriptions_->Resume(call);
}

Serving::Tally Serving::tally() const {
  Tally all;
  for (const auto& registration : registrations_->all()) {
    const Tally one = registration->tally();
    all.finished += one.finished;
    all.returned += one.returned;
    all.abandoned += one.abandoned;
  }
  return all;
}

}  // namespace mecha
