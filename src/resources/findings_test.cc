// SPDX-License-Identifier: Apache-2.0
#include "resources/findings.h"

#include "result/status.h"
#include "support/catch.h"

namespace mecha {
namespace {

TEST_CASE("a location shows what it knows") {
  CHECK(ToText({"a.yaml", 3, 7}) == "a.yaml:3:7");
  CHECK(ToText({"a.yaml", 3, 0}) == "a.yaml:3");
  CHECK(ToText({"a.yaml", 0, 0}) == "a.yaml");
}

TEST_CASE("every error is named and the first one gives the code") {
  Findings findings(Strictness::kStrict);
  CHECK(findings.ToStatus().ok());
  findings.Warn({"a.yaml", 1, 1}, "odd.");
  CHECK_FALSE(findings.HasErrors());
  findings.Error(StatusCode::kAlreadyExists, {"a.yaml", 2, 1}, "twice.");
  findings.Error({"b.yaml", 3, 5}, "wrong.");
  CHECK(findings.ToStatus().code() == StatusCode::kAlreadyExists);
  CHECK(findings.ToStatus().message() == "a.yaml:2:1: twice.\nb.yaml:3:5: wrong.");
  CHECK(findings.warnings() == std::vector<std::string>{"a.yaml:1:1: odd."});
}

TEST_CASE("what Dapr lets pass is an error in strict mode and a warning otherwise") {
  Findings strict(Strictness::kStrict);
  strict.Lenient({"a.yaml", 2, 1}, "unknown kind.");
  CHECK(strict.ToStatus().code() == StatusCode::kInvalidArgument);
  CHECK(strict.warnings().empty());

  Findings dapr(Strictness::kDapr);
  dapr.Lenient({"a.yaml", 2, 1}, "unknown kind.");
  CHECK(dapr.ToStatus().ok());
  CHECK(dapr.warnings() == std::vector<std::string>{"a.yaml:2:1: unknown kind."});
}

TEST_CASE("a flood of errors is cut short and counted") {
  Findings findings(Strictness::kStrict);
  for (int line = 1; line <= 25; ++line) {
    findings.Error({"a.yaml", line, 1}, "wrong.");
  }
  const std::string message(findings.ToStatus().message());
  CHECK(message.find("a.yaml:20:1: wrong.\nand 5 more") != std::string::npos);
  CHECK(message.find("a.yaml:21:1") == std::string::npos);
}

}  // namespace
}  // namespace mecha
