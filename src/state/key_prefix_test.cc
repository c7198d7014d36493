// SPDX-License-Identifier: Apache-2.0
#include "state/key_prefix.h"

#include "support/catch.h"

namespace mecha {
namespace {

Settings::Identity Shop() { return {.name = "Orders", .app_id = "shop", .name_space = "prod"}; }

TEST_CASE("each key prefix strategy makes Dapr's prefix") {
  CHECK(*MakeKeyPrefix("", Shop()) == "shop||");
  CHECK(*MakeKeyPrefix("appid", Shop()) == "shop||");
  CHECK(*MakeKeyPrefix("NAME", Shop()) == "Orders||");
  CHECK(*MakeKeyPrefix("namespace", Shop()) == "prod.shop||");
  CHECK(MakeKeyPrefix("none", Shop())->empty());
  CHECK(*MakeKeyPrefix("Tenant-7", Shop()) == "tenant-7||");
}

TEST_CASE("without a namespace the namespace strategy is the app id") {
  Settings::Identity identity = Shop();
  identity.name_space.clear();
  CHECK(*MakeKeyPrefix("namespace", identity) == "shop||");
}

TEST_CASE("an app id is needed unless the strategy does without") {
  const Settings::Identity identity{.name = "orders"};
  CHECK(IsInvalidArgument(MakeKeyPrefix("appid", identity).status()));
  CHECK(MakeKeyPrefix("name", identity).ok());
  CHECK(MakeKeyPrefix("none", identity).ok());
}

TEST_CASE("a prefix must not hold the separator") {
  CHECK(IsInvalidArgument(MakeKeyPrefix("a||b", Shop()).status()));
}

}  // namespace
}  // namespace mecha
