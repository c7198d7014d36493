// SPDX-License-Identifier: Apache-2.0
#include "runtime/fault_location.h"

#include "support/catch.h"

namespace mecha {
namespace {

constexpr FieldInfo kFields[] = {{.name = "redisHost", .is_required = true},
                                 {.name = "enableTLS", .type = FieldType::kBoolean},
                                 {.name = "caCert"}};
constexpr ComponentInfo kInfo{.type = "state.redis", .version = "v1", .fields = kFields};

ComponentDocument Document() {
  ComponentDocument document;
  document.location = {"a.yaml", 1, 1};
  document.type_location = {"a.yaml", 6, 9};
  const auto add = [&](std::string name, std::string value, int line) {
    MetadataItem item;
    item.name = std::move(name);
    item.value = std::move(value);
    item.location = {"a.yaml", line, 14};
    document.metadata.push_back(std::move(item));
  };
  add("enabletls", "true", 9);
  add("redisHost", "10.0.0.7:6379", 11);
  add("caCert", "ca.pem", 13);
  return document;
}

std::string PlaceOf(const Status& failure) { return LocateFault(Document(), kInfo, failure).place; }

TEST_CASE("a failed start is told at the entry whose address or path it names") {
  CHECK(PlaceOf(Internal("connect to 10.0.0.7:6379: refused")) == "a.yaml:11:14");
  CHECK(PlaceOf(Internal("enableTLS: ca.pem: no such file")) == "a.yaml:13:14");
  CHECK(PlaceOf(Internal("connect to 10.0.0.7:63790: refused")) == "a.yaml:6:9");  // another one
}

TEST_CASE("or at the entry whose name it says last, in any case the document has") {
  CHECK(PlaceOf(Internal("caCert is no certificate")) == "a.yaml:13:14");
  CHECK(PlaceOf(Internal("caCert without enableTLS")) == "a.yaml:9:14");
  CHECK(PlaceOf(Internal("caCertificates are odd")) == "a.yaml:6:9");
}

TEST_CASE("a back-end that is away is told at what is required, all else at the type") {
  CHECK(PlaceOf(Unavailable("no route")) == "a.yaml:11:14");
  CHECK(PlaceOf(Internal("no memory is left, which is true")) == "a.yaml:6:9");
}

TEST_CASE("a mistake in the document keeps its own place, at the front") {
  const Status mistake = InvalidArgument("a.yaml:11:3: \"redisDB\" is odd");
  const FaultLocation fault = LocateFault(Document(), kInfo, mistake);
  CHECK(fault.place == "a.yaml:11:3");
  CHECK(DescribeFault(fault, "component \"x\"") ==
        "a.yaml:11:3: component \"x\": \"redisDB\" is odd");
  CHECK(LocateFault(Document(), kInfo, Internal("a.yaml is odd")).cause == "a.yaml is odd");
}

}  // namespace
}  // namespace mecha
