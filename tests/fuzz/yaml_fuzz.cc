// SPDX-License-Identifier: Apache-2.0
// Fuzz target: resources as YAML. Whatever the bytes are, loading ends with resources or with
// errors that say something; it never crashes, hangs or lets an exception out.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "config/load_resources.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const mecha::Strictness strictness :
       {mecha::Strictness::kStrict, mecha::Strictness::kDapr}) {
    mecha::LoadOptions options;
    options.app_id = "shop";
    options.strictness = strictness;
    const auto resources = mecha::LoadResources(options, {{}, {text}});
    if (!resources.ok() && resources.status().message().empty()) {
      __builtin_trap();
    }
  }
  return 0;
}
