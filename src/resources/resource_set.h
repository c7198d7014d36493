// SPDX-License-Identifier: Apache-2.0
// ResourceSet: everything a runtime was opened with that concerns this application: read, checked
// and filtered, but with no secret resolved.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "resources/component_document.h"
#include "resources/configuration_document.h"
#include "resources/location.h"
#include "resources/subscription_document.h"

namespace mecha {

// A document that another application, or namespace, is meant to use.
struct LeftOutResource {
  std::string kind;  // "Component" or "Subscription"
  std::string name;
  std::string reason;  // "its scopes do not name the app \"shop\""
  Location location;
  std::optional<SubscriptionSpec> subscription;  // as far as it was read
  std::string
      problem;  // what keeps it from being used by anybody; not of who reads, but who checks
};

struct ResourceSet {
  std::vector<ComponentDocument> components;        // in load order, names unique
  std::vector<LeftOutResource> left_out;            // in load order
  std::vector<SubscriptionDocument> subscriptions;  // in load order, names unique
  ConfigurationDocument configuration;
  std::vector<std::string> warnings;  // "file:line:column: what. What to do."
};

}  // namespace mecha
