// SPDX-License-Identifier: Apache-2.0
#include "pubsub/publish_many_operation.h"

#include <algorithm>
#include <utility>

#include "encoding/quoted.h"
#include "resiliency/retry.h"

namespace mecha {

PublishManyOperation::PublishManyOperation(PubSubBlock& block, const CallOptions& call,
                                           const PublishRequest& request)
    : Operation(Verb::kPublishMany, block.service().MakeTarget(), call),
      block_(block),
      items_(request.messages.size()),
      made_(request.messages.size()),
      is_taken_(request.messages.size()),
      is_settled_(request.messages.size()) {
  broker_topic_.Assign(block.options().topic_prefix, request.topic);
  for (const MessageRequest& message : request.messages) {
    inputs().KeepRelease(message.data);
  }
  SetItems(items_);
}

Status PublishManyOperation::Prepare(const PublishRequest& request) {
  if (request.messages.empty()) {
    return InvalidArgument("there is no message; give at least one");
  }
  RETURN_IF_ERROR(block_.CheckPublish(request.topic));
  MessageMaker maker(block_, {.topic = request.topic,
                              .options = options(),
                              .metadata = context().metadata,
                              .inputs = inputs()});
  open_.reserve(items_.size());
  open_items_.reserve(items_.size());
  for (size_t i = 0; i < items_.size(); ++i) {
    items_[i].status = maker.Make(request.messages[i], made_[i]);
    if (items_[i].status.ok()) {
      items_[i].key = made_[i].id.view();
      open_.push_back(std::move(made_[i].message));
      open_items_.push_back(i);
    }
  }
  return OkStatus();
}

void PublishManyOperation::Attempt() {
  DropSettled();
  if (open_.empty()) {
    AttemptDone(OkStatus());
    return;
  }
  block_.component().PublishMany(context(), broker_topic_.view(), open_,
                                 [this](StatusOr<std::vector<PublishOutcome>> outcomes) {
                                   if (outcomes.ok()) {
                                     AttemptDone(Record(*outcomes));
                                     return;
                                   }
                                   for (size_t i = 0; i < open_.size(); ++i) {
                                     if (!HasCode(outcomes.status(), StatusCode::kWouldBlock)) {
                                       RecordFailure(i, outcomes.status());
                                     }
                                   }
                                   AttemptDone(outcomes.status());
                                 });
}

void PublishManyOperation::DropSettled() {
  size_t kept = 0;
  for (size_t i = 0; i < open_.size(); ++i) {
    if (is_settled_[open_items_[i]]) {
      continue;
    }
    if (kept != i) {
      open_[kept] = std::move(open_[i]);
      open_items_[kept] = open_items_[i];
    }
    ++kept;
  }
  open_.resize(kept);
  open_items_.resize(kept);
}

// What to say of the try: the first failure that makes another one worth while, else the first.
Status PublishManyOperation::Record(const std::vector<PublishOutcome>& outcomes) {
  Status first;
  Status first_to_try_again;
  for (size_t i = 0; i < open_.size(); ++i) {
    const size_t index = open_items_[i];
    if (outcomes[i].ok()) {
      items_[index].status = OkStatus();
      items_[index].etag = EtagOf(*outcomes[i]);
      is_taken_[index] = true;
      is_settled_[index] = true;
      CountBytes(made_[index].bytes);
      continue;
    }
    RecordFailure(i, outcomes[i].status());
    first.Update(outcomes[i].status());
    if (MayTryAgain(outcomes[i].status())) {
      first_to_try_again.Update(outcomes[i].status());
    }
  }
  return first_to_try_again.ok() ? first : first_to_try_again;
}

// What an earlier try may have done stays true.
void PublishManyOperation::RecordFailure(size_t open_index, const Status& status) {
  const size_t index = open_items_[open_index];
  const bool was_maybe = items_[index].status.applied() != Applied::kNo;
  items_[index].status =
      was_maybe && status.applied() == Applied::kNo ? MarkApplied(status, Applied::kMaybe) : status;
  is_settled_[index] = !MayTryAgain(status);
}

bool PublishManyOperation::MayTryAgain(const Status& status) const {
  const Retryability retryability = RetryabilityOf(status);
  return retryability == Retryability::kSafe ||
         (retryability == Retryability::kOnlyIfIdempotent && options().is_idempotent);
}

// As soon as the broker has one of them the whole is no failure.
Status PublishManyOperation::Verdict(Status last) {
  if (std::ranges::find(is_taken_, true) != is_taken_.end()) {
    return OkStatus();
  }
  for (const ResultItem& item : items_) {
    may_be_applied_ |= item.status.applied() != Applied::kNo;
  }
  const auto fault =
      std::ranges::find_if(items_, [](const ResultItem& item) { return !item.status.ok(); });
  return last.ok() && fault != items_.end() ? fault->status : last;
}

void PublishManyOperation::Finish(const Status& status) {
  for (size_t i = 0; i < items_.size(); ++i) {
    ResultItem& item = items_[i];
    made_[i].Forget();
    if (is_taken_[i]) {
      continue;
    }
    if (item.status.ok()) {
      item.status = status;  // it was never tried
      continue;
    }
    item.error = MakeError(item.status);
    item.error->message += " (message " + std::to_string(i) +
                           (item.key.empty() ? "" : ", id " + Quoted(item.key)) + ")";
    item.error->AddDetail("index", std::to_string(i));
    if (status.ok()) {
      SetPartial();
    }
  }
  open_.clear();
}

std::unique_ptr<Error> PublishManyOperation::MakeError(const Status& status) {
  return block_.MakeError(verb(), broker_topic_.view(), status);
}

}  // namespace mecha
