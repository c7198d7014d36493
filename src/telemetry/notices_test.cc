// SPDX-License-Identifier: Apache-2.0
#include "telemetry/notices.h"

#include "support/catch.h"

namespace mecha {
namespace {

TEST_CASE("warnings are kept and equal ones are counted; what is less is not kept") {
  Notices notices;
  notices.Add(Severity::kInfo, "orders", "connected");
  notices.Add(Severity::kWarning, "orders", "slow");
  notices.Add(Severity::kError, "orders", "broken");
  notices.Add(Severity::kWarning, "orders", "slow");
  notices.Add(Severity::kWarning, "other", "slow");
  const auto warnings = notices.Warnings();
  REQUIRE(warnings.size() == 3);
  CHECK(warnings[0].message == "slow");
  CHECK(warnings[0].count == 2);
  CHECK(warnings[1].severity == Severity::kError);
  CHECK(warnings[2].component == "other");
}

TEST_CASE("the number of warnings is bounded, and the rest is counted") {
  Notices notices;
  for (int i = 0; i < 250; ++i) {
    notices.Add(Severity::kWarning, "orders", std::to_string(i));
  }
  CHECK(notices.Warnings().size() == 200);
  CHECK(notices.dropped() == 50);
}

TEST_CASE("the listener hears everything, and may itself add a notice") {
  Notices notices;
  std::vector<std::string> heard;
  notices.SetListener([&](const Notice& notice) {
    heard.push_back(notice.message);
    if (heard.size() == 1) {
      notices.Add(Severity::kDebug, "orders", "from the listener");
    }
  });
  notices.Add(Severity::kInfo, "orders", "connected");
  CHECK(heard == std::vector<std::string>{"connected", "from the listener"});
  notices.SetListener(nullptr);
  notices.Add(Severity::kInfo, "orders", "unheard");
  CHECK(heard.size() == 2);
}

}  // namespace
}  // namespace mecha
