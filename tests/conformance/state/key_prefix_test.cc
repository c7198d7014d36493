// SPDX-License-Identifier: Apache-2.0
// The keyPrefix strategies. What is really stored shows through a second runtime with prefix none.
#include "conformance/test_runtime.h"
#include "support/catch.h"

namespace conformance {
namespace {

struct Strategy {
  const char* prefix;  // nullptr: the field is absent
  const char* name_space;
  std::string stored_as;  // of the key "k" of app "shop"
};

const std::vector<Strategy>& Strategies() {
  static const std::vector<Strategy> all = {
      {nullptr, "", "shop||k"},
      {"appid", "", "shop||k"},
      {"name", "", "store||k"},
      {"namespace", "prod", "prod.shop||k"},
      {"namespace", "", "shop||k"},
      {"none", "", "k"},
      {"Own-Prefix", "", "own-prefix||k"},
      {"NONE", "", "k"},
  };
  return all;
}

RuntimeSetup SetupOf(const Strategy& strategy) {
  RuntimeSetup setup;
  setup.app_id = "shop";
  setup.name_space = strategy.name_space;
  if (strategy.prefix != nullptr) {
    setup.metadata = {{"keyPrefix", strategy.prefix}};
  }
  return setup;
}

TEST_CASE("every key prefix strategy reads, lists and deletes what it wrote") {
  for (const Strategy& strategy : Strategies()) {
    const StoreWorld world(SetupOf(strategy));
    INFO("stored as " << strategy.stored_as);
    REQUIRE(world.store.Set("k", "value").ok());
    CHECK(world.store.Value("k") == "value");
    CHECK(world.store.GetMany({"k"}).items.at(0).key == "k");
    if (world.runtime.Has("list")) {
      CHECK(world.store.Keys("") == std::vector<std::string>{"k"});
      CHECK(world.store.Keys("k") == std::vector<std::string>{"k"});
    }
    REQUIRE(world.store.Delete("k").ok());
    CHECK(world.store.Value("k") == "(absent)");
  }
}

TEST_CASE("every key prefix strategy stores the key under the name that Dapr gives it") {
  if (!kHarness.is_shared) {
    SUCCEED("the store belongs to one runtime");
    return;
  }
  for (const Strategy& strategy : Strategies()) {
    const BackEnd back_end;
    const TestRuntime runtime(back_end, SetupOf(strategy));
    RuntimeSetup plain;
    plain.metadata = {{"keyPrefix", "none"}};
    const TestRuntime viewer(back_end, plain);
    REQUIRE(runtime.store().Set("k", "value").ok());
    if (viewer.Has("list")) {
      CHECK(viewer.store().Keys("") == std::vector<std::string>{strategy.stored_as});
    } else if (strategy.stored_as.find("||") == std::string::npos) {
      CHECK(viewer.store().Value(strategy.stored_as) == "value");
    }
  }
}

TEST_CASE("the prefix `none` shares keys between applications, `appid` does not") {
  if (!kHarness.is_shared) {
    SUCCEED("the store belongs to one runtime");
    return;
  }
  for (const bool is_common : {true, false}) {
    const BackEnd back_end;
    RuntimeSetup setup;
    setup.metadata = {{"keyPrefix", is_common ? "none" : "appid"}};
    setup.app_id = "one";
    const TestRuntime one(back_end, setup);
    setup.app_id = "two";
    const TestRuntime two(back_end, setup);
    REQUIRE(one.store().Set("k", "of one").ok());
    CHECK(two.store().Value("k") == (is_common ? "of one" : "(absent)"));
  }
}

TEST_CASE("an application without an id may use the prefixes none and name") {
  for (const char* prefix : {"none", "name"}) {
    RuntimeSetup setup;
    setup.app_id = "";
    setup.metadata = {{"keyPrefix", prefix}};
    const StoreWorld world(setup);
    REQUIRE(world.store.Set("k", "value").ok());
    CHECK(world.store.Value("k") == "value");
  }
}

}  // namespace
}  // namespace conformance
