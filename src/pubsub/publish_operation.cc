// SPDX-License-Identifier: Apache-2.0
#include "pubsub/publish_operation.h"

#include <utility>

namespace mecha {

PublishOperation::PublishOperation(PubSubBlock& block, const CallOptions& call,
                                   const PublishRequest& request)
    : Operation(Verb::kPublish, block.service().MakeTarget(), call), block_(block) {
  broker_topic_.Assign(block.options().topic_prefix, request.topic);
  inputs().KeepRelease(request.messages[0].data);
  SetItems({&item_, 1});
}

Status PublishOperation::Prepare(const PublishRequest& request) {
  RETURN_IF_ERROR(block_.CheckPublish(request.topic));
  MessageMaker maker(block_, {.topic = request.topic,
                              .options = options(),
                              .metadata = context().metadata,
                              .inputs = inputs()});
  RETURN_IF_ERROR(maker.Make(request.messages[0], made_));
  item_.key = made_.id.view();
  return OkStatus();
}

void PublishOperation::Attempt() {
  block_.component().Publish(context(), broker_topic_.view(), made_.message,
                             [this](StatusOr<std::string> broker_id) {
                               if (broker_id.ok()) {
                                 CountBytes(made_.bytes);
                                 item_.etag = EtagOf(*broker_id);
                               }
                               AttemptDone(broker_id.status());
                             });
}

void PublishOperation::Finish(const Status& status) {
  item_.status = status;
  made_.Forget();  // a result may be kept for long
}

std::unique_ptr<Error> PublishOperation::MakeError(const Status& status) {
  return block_.MakeError(verb(), broker_topic_.view(), status);
}

}  // namespace mecha
