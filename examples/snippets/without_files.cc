// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <mecha/mecha.hpp>

static int Fail(const mecha::Error& error) {
  std::fprintf(stderr, "%s\n", error.message().data());
  return 1;
}

int main() {
  mecha::RuntimeOptions options;
  options.app_id = "shop";
  options.resource_texts = {R"(
    apiVersion: dapr.io/v1alpha1
    kind: Component
    metadata: {name: orders}
    spec: {type: state.in-memory, version: v1}
  )"};
  auto runtime = mecha::Runtime::OpenAndStart(options);
  if (!runtime.ok()) return Fail(runtime.error());

  auto set = runtime->state("orders").Set("order-1", "3 lamps");
  if (!set.ok()) return Fail(set.error());
  std::puts("order-1 3 lamps: stored");
}
