// SPDX-License-Identifier: Apache-2.0
#include "call/environment.h"

#include <algorithm>
#include <cstdlib>

#include "support/catch.h"

namespace mecha {
namespace {

TEST_CASE("the environment is read by whole names") {
  setenv("MECHA_TEST_NAME", "a=b", 1);
  setenv("MECHA_TEST_EMPTY", "", 1);
  CHECK(ReadEnvironment("MECHA_TEST_NAME") == "a=b");
  CHECK(ReadEnvironment("MECHA_TEST_EMPTY") == "");
  CHECK_FALSE(ReadEnvironment("MECHA_TEST_NAM").has_value());
  CHECK_FALSE(ReadEnvironment("MECHA_TEST_NAME=a").has_value());
  CHECK_FALSE(ReadEnvironment("").has_value());
}

TEST_CASE("names are listed by prefix") {
  setenv("MECHA_LIST_ONE", "1", 1);
  setenv("MECHA_LIST_TWO", "2", 1);
  std::vector<std::string> names = EnvironmentNames("MECHA_LIST_");
  std::ranges::sort(names);
  CHECK(names == std::vector<std::string>{"MECHA_LIST_ONE", "MECHA_LIST_TWO"});
  CHECK(EnvironmentNames("MECHA_NO_SUCH_").empty());
}

TEST_CASE("names that hold Dapr's own secrets are not for reading") {
  for (const char* name :
       {"", "APP_API_TOKEN", "app_api_token", "DAPR_API_TOKEN", "dapr_x", "A B"}) {
    INFO(name);
    CHECK_FALSE(MayShowEnvironmentName(name));
  }
  CHECK(MayShowEnvironmentName("REDIS_PASSWORD"));
  CHECK(MayShowEnvironmentName("DAPR"));
}

}  // namespace
}  // namespace mecha
