// SPDX-License-Identifier: Apache-2.0
// What a pubsub component's document says to its block: consumer group, namespace, limits.
#pragma once

#include "contract/settings.h"
#include "pubsub/pubsub_block.h"
#include "resources/component_document.h"
#include "result/status_or.h"
#include "runtime/runtime_settings.h"

namespace mecha {

// `settings` is the document's metadata once resolved. FAILED_PRECONDITION when there is nothing to
// name the consumer group by.
StatusOr<PubSubBlockOptions> ReadPubSubOptions(const ComponentDocument& document,
                                               const Settings& settings,
                                               const RuntimeSettings& runtime);

}  // namespace mecha
