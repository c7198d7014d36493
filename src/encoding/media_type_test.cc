// SPDX-License-Identifier: Apache-2.0
#include "encoding/media_type.h"

#include "support/catch.h"

namespace mecha {
namespace {

TEST_CASE("parameters and case do not make another media type") {
  for (const char* text : {"application/json", "Application/JSON", "application/json;charset=utf-8",
                           "application/json ; charset=utf-8"}) {
    INFO(text);
    CHECK(IsMediaType(text, "application/json"));
  }
  for (const char* text : {"", ";", "application/jso", "application/json2", "text/json",
                           "application/vnd.order+json"}) {
    INFO(text);
    CHECK_FALSE(IsMediaType(text, "application/json"));
  }
}

}  // namespace
}  // namespace mecha
