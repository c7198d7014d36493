// SPDX-License-Identifier: Apache-2.0
// A program outside this tree, written with the C++17 wrapper: keeps one value in memory and one in
// a SQLite file (argument 1).
#include <cstdio>
#include <mecha/mecha.hpp>
#include <string>

namespace {

bool Keep(const mecha::State& state) {
  const auto written = state.Set("answer", "42");
  const auto read = state.Get("answer");
  const bool is_kept = written.ok() && read.ok() && read->bytes() == "42";
  std::printf("%s: %s\n", state.name().c_str(), is_kept ? "OK" : "failed");
  return is_kept;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string file = argc > 1 ? argv[1] : "answer.db";
  mecha::RuntimeOptions options;
  options.app_id = "consumer";
  options.resource_texts = {
      "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: memory}\n"
      "spec: {type: state.in-memory, version: v1}\n",
      "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: file}\n"
      "spec:\n  type: state.sqlite\n  version: v1\n  metadata:\n"
      "  - {name: connectionString, value: \"" +
          file + "\"}\n"};
  auto runtime = mecha::Runtime::OpenAndStart(options);
  if (!runtime.ok()) {
    std::printf("%s\n", std::string(runtime.error().message()).c_str());
    return 1;
  }
  return Keep(runtime->state("memory")) && Keep(runtime->state("file")) ? 0 : 1;
}
