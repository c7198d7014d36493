// SPDX-License-Identifier: Apache-2.0
#include "contract/settings.h"

#include "support/catch.h"

namespace mecha {
namespace {

using namespace std::chrono_literals;

TEST_CASE("settings are read by type and by name in any case") {
  Settings::Identity identity;
  identity.name = "orders";
  const Settings settings(identity, {{"host", {"localhost"}},
                                     {"retries", {"-3"}},
                                     {"factor", {"1.5"}},
                                     {"usetls", {"Yes"}},
                                     {"timeout", {"1m30s"}},
                                     {"maxsize", {"2Mi"}}});
  CHECK(settings.identity().name == "orders");
  CHECK(settings.Has("HOST"));
  CHECK(settings.Text("Host") == "localhost");
  CHECK(settings.Integer("retries") == -3);
  CHECK(settings.Number("factor") == 1.5);
  CHECK(settings.Boolean("useTLS"));
  CHECK(settings.Time("timeout") == 90s);
  CHECK(settings.Bytes("maxSize") == 2097152);
}

TEST_CASE("an absent setting is empty, zero or false") {
  const Settings settings({}, {});
  CHECK_FALSE(settings.Has("host"));
  CHECK(settings.Text("host").empty());
  CHECK(settings.Integer("host") == 0);
  CHECK(settings.Number("host") == 0);
  CHECK_FALSE(settings.Boolean("host"));
  CHECK(settings.Time("host") == 0s);
  CHECK(settings.Bytes("host") == 0);
}

}  // namespace
}  // namespace mecha
