// SPDX-License-Identifier: Apache-2.0
#include "inbound/route_table.h"

#include <array>

#include "support/catch.h"

namespace mecha {
namespace {

std::shared_ptr<Registration> MakeRegistration() {
  static const auto host = std::make_shared<RuntimeHost>(HostOptions{});
  return std::make_shared<Registration>(host, std::make_shared<RequestTable>(host->clock()),
                                        std::make_shared<CompletionQueue>(host, QueueOptions{}),
                                        RegistrationOptions{});
}

Status Add(RouteTable& table, std::string_view pattern,
           const std::shared_ptr<Registration>& registration) {
  return table.Add(std::array{pattern}, registration);
}

TEST_CASE("the exact path wins, then the longest prefix, then the star", "[routes]") {
  RouteTable table;
  const auto exact = MakeRegistration();
  const auto prefix = MakeRegistration();
  const auto longer = MakeRegistration();
  const auto rest = MakeRegistration();
  CHECK(table.Find("/orders") == nullptr);
  REQUIRE(Add(table, "/orders/new", exact).ok());
  REQUIRE(Add(table, "/orders/*", prefix).ok());
  REQUIRE(Add(table, "/orders/old/*", longer).ok());
  CHECK(table.Find("/other") == nullptr);
  REQUIRE(Add(table, "*", rest).ok());
  CHECK(table.Find("/orders/new") == exact);
  CHECK(table.Find("/orders/new/1") == prefix);
  CHECK(table.Find("/orders/") == prefix);
  CHECK(table.Find("/orders") == rest);
  CHECK(table.Find("/orders/old/1") == longer);
  CHECK(table.Find("") == rest);
  table.Remove(*prefix);
  CHECK(table.Find("/orders/x") == rest);
  CHECK(table.Find("/orders/old/1") == longer);
  table.Remove(*rest);
  CHECK(table.Find("/orders/x") == nullptr);
}

TEST_CASE("a path has one registration, and all patterns are taken or none", "[routes]") {
  RouteTable table;
  const auto first = MakeRegistration();
  const auto second = MakeRegistration();
  REQUIRE(Add(table, "/a", first).ok());
  REQUIRE(Add(table, "/b/*", first).ok());
  CHECK(table.Add(std::array<std::string_view, 2>{"/c", "/a"}, second).code() ==
        StatusCode::kAlreadyExists);
  CHECK(table.Find("/c") == nullptr);
  CHECK(Add(table, "/b/*", second).code() == StatusCode::kAlreadyExists);
  for (const std::string_view wrong : {"", "/a*", "/*/a", "**", "a*b"}) {
    CAPTURE(wrong);
    CHECK(Add(table, wrong, second).code() == StatusCode::kInvalidArgument);
  }
  CHECK(Add(table, "/b", second).ok());
}

}  // namespace
}  // namespace mecha
