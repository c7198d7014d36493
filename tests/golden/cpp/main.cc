// SPDX-License-Identifier: Apache-2.0
// golden SCENARIO FOLDER: runs one golden scenario on the resources in FOLDER.
#include <cstdlib>
#include <iterator>

#include "scenarios.h"

namespace golden {

mecha::Runtime Start(const std::string& folder) {
  mecha::RuntimeOptions options;
  options.app_id = "golden";
  options.resource_paths = {folder};
  mecha::Result<mecha::Runtime> runtime = mecha::Runtime::OpenAndStart(options);
  if (!runtime.ok()) {
    std::fprintf(stderr, "golden: %s\n", std::string(runtime.error().message()).c_str());
    std::exit(1);
  }
  return std::move(runtime).value();
}

}  // namespace golden

int main(int argc, char** argv) {
  struct Scenario {
    const char* name;
    void (*run)(const std::string& folder);
  };
  const Scenario scenarios[] = {{"state", golden::RunState},
                                {"secrets", golden::RunSecrets},
                                {"errors", golden::RunErrors},
                                {"pubsub", golden::RunPubSub},
                                {"drain", golden::RunDrain}};
  if (argc == 3) {
    for (const Scenario& scenario : scenarios) {
      if (std::string_view(scenario.name) != argv[1]) continue;
      scenario.run(argv[2]);
      return 0;
    }
  }
  std::fprintf(stderr, "usage: golden state|secrets|errors|pubsub|drain FOLDER\n");
  return 2;
}
