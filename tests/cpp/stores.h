// SPDX-License-Identifier: Apache-2.0
// Runtimes for the wrapper's tests: in memory, from YAML text. No files, no servers.
#pragma once

#include <mecha/mecha.hpp>
#include <string>

#include "support/catch.h"

inline std::string MemoryStore(const std::string& name) {
  return "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: " + name +
         "\nspec:\n  type: state.in-memory\n  version: v1\n  metadata: []\n";
}

inline mecha::RuntimeOptions MemoryOptions() {
  mecha::RuntimeOptions options;
  options.app_id = "wrapper-test";
  options.resource_texts = {MemoryStore("orders")};
  return options;
}

inline mecha::Runtime StartedRuntime() {
  mecha::Result<mecha::Runtime> runtime = mecha::Runtime::OpenAndStart(MemoryOptions());
  INFO((runtime.ok() ? "" : std::string(runtime.error().message())));
  REQUIRE(runtime.ok());
  return std::move(runtime).value();
}
