// SPDX-License-Identifier: Apache-2.0
// Reads spec.metadata of a Subscription: a mapping of texts, most of them for the component. What
// the library itself acts on becomes typed fields. Belongs to one reading thread.
#pragma once

#include "config/node_reader.h"
#include "resources/subscription_document.h"

namespace mecha {

// Fills metadata, is_raw and redelivery of `spec`. Mistakes go to the reader's findings.
void ReadSubscriptionMetadata(const YamlNode& spec_node, NodeReader& reader,
                              SubscriptionSpec& spec);

}  // namespace mecha
