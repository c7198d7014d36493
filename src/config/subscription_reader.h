// SPDX-License-Identifier: Apache-2.0
// Reads the body of a `kind: Subscription` document, v1alpha1 or v2alpha1. Whether its component
// exists and its rules compile is not checked here (pubsub/topic_router.h). Safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/document_header.h"
#include "config/node_reader.h"
#include "resources/subscription_document.h"
#include "result/status_or.h"

namespace mecha {

// Nothing when the document is wrong; what is wrong is reported to the reader's findings.
std::optional<SubscriptionDocument> ReadSubscription(const YamlNode& root,
                                                     const DocumentHeader& header,
                                                     NodeReader& reader);

// The `spec` of a v2alpha1 Subscription alone, as YAML or JSON, for a subscription that a host
// makes at run time. Always strict. Component and topic may be left out, because a host names them
// elsewhere; without routes the default path is "". An empty text is an empty spec. Places in
// messages are "spec:line:column". INVALID_ARGUMENT with one line per mistake; unknown keys are
// appended to `warnings` when it is given.
StatusOr<SubscriptionSpec> ReadSubscriptionSpec(std::string_view text,
                                                std::vector<std::string>* warnings = nullptr);

}  // namespace mecha
