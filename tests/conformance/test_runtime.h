// SPDX-License-Identifier: Apache-2.0
// TestRuntime: an opened and started runtime with the component under test, named "store" unless
// the setup says otherwise. Failing to start fails the test. It shuts down when it goes.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/back_end.h"
#include "conformance/client/state_client.h"

namespace conformance {

struct RuntimeSetup {
  std::string app_id = "app";
  std::string name_space = {};
  Metadata metadata = {};               // added to the component's
  std::vector<std::string> texts = {};  // more documents
  Metadata settings = {};
  bool uses_environment = false;
  std::string component = "store";  // what the one under test is called
};

class TestRuntime {
 public:
  explicit TestRuntime(const BackEnd& back_end, const RuntimeSetup& setup = {});
  TestRuntime(const TestRuntime&) = delete;
  TestRuntime& operator=(const TestRuntime&) = delete;
  ~TestRuntime();

  mecha_runtime* get() const { return runtime_; }
  StateClient store(std::string name = "store") const { return {runtime_, std::move(name)}; }

  nlohmann::json Describe() const;
  // "none", "emulated" or "native": what the library says of the component under test.
  std::string Support(std::string_view capability) const;
  bool Has(std::string_view capability) const;
  void Advance(int64_t milliseconds) const;

 private:
  const std::string component_;
  mecha_runtime* runtime_ = nullptr;
};

// A back-end, a runtime on it and its store: what most tests need.
struct StoreWorld {
  explicit StoreWorld(const RuntimeSetup& setup = {}) : runtime(back_end, setup) {}

  BackEnd back_end;
  TestRuntime runtime;
  StateClient store = runtime.store();
};

// The settings that the component under test needs, and `more`.
Metadata SettingsOf(Metadata more = {});

// What the library said against the plug-in under test so far, in runtimes that are gone.
std::vector<std::string> PluginFaults();

// How an operation was refused because the store lacks a capability.
inline bool IsRefusal(const Answer& answer) {
  return answer.status == MECHA_UNIMPLEMENTED && answer.has_error && !answer.error.empty();
}

}  // namespace conformance
