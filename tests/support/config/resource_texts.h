// SPDX-License-Identifier: Apache-2.0
// Resource files given as texts: loads them, and checks what is said about them. One thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "config/load_resources.h"
#include "result/status.h"
#include "result/status_or.h"
#include "support/catch.h"

namespace mecha::test {

inline LoadOptions OptionsOf(Strictness strictness = Strictness::kStrict) {
  LoadOptions options;
  options.app_id = "shop";
  options.strictness = strictness;
  return options;
}

inline StatusOr<ResourceSet> Load(std::string_view text,
                                  Strictness strictness = Strictness::kStrict) {
  return LoadResources(OptionsOf(strictness), {{}, {text}});
}

inline ResourceSet Loaded(std::string_view text, Strictness strictness = Strictness::kStrict) {
  StatusOr<ResourceSet> resources = Load(text, strictness);
  if (!resources.ok()) {
    FAIL(resources.status().message());
  }
  return *std::move(resources);
}

inline void CheckHolds(std::string_view text, std::string_view wanted) {
  INFO(text);
  INFO("lacks: " << wanted);
  CHECK(text.find(wanted) != std::string_view::npos);
}

// Both modes refuse `text`.
inline void CheckRefused(const std::string& text, std::string_view wanted) {
  INFO(text);
  for (const Strictness strictness : {Strictness::kStrict, Strictness::kDapr}) {
    const Status status = Load(text, strictness).status();
    const bool is_too_large = status.code() == StatusCode::kResourceExhausted;
    CHECK((status.code() == StatusCode::kInvalidArgument || is_too_large));
    CheckHolds(status.message(), wanted);
  }
}

}  // namespace mecha::test
