// SPDX-License-Identifier: Apache-2.0
// ResourceSet: everything a runtime was opened with that concerns this application: read, checked
// and filtered, but with no secret resolved.
#pragma once

#include <string>
#include <vector>

#include "resources/component_document.h"
#include "resources/configuration_document.h"
#include "resources/subscription_document.h"

namespace mecha {

struct ResourceSet {
  std::vector<ComponentDocument> components;        // in load order, names unique
  std::vector<SubscriptionDocument> subscriptions;  // the same
  ConfigurationDocument configuration;
  std::vector<std::string> warnings;  // "file:line:column: what. What to do."
};

}  // namespace mecha
