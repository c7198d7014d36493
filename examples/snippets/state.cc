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
  options.resource_paths = {"resources"};
  auto runtime = mecha::Runtime::OpenAndStart(options);
  if (!runtime.ok()) return Fail(runtime.error());

  mecha::State orders = runtime->state("orders");
  auto set = orders.Set("order-1", "3 lamps");
  if (!set.ok()) return Fail(set.error());

  auto count = orders.Update("count", [](std::optional<std::string_view> before) {
    return std::to_string(before ? std::stoi(std::string(*before)) + 1 : 1);
  });
  if (!count.ok()) return Fail(count.error());

  auto order = orders.Get("order-1");
  if (order.ok() && order->found()) std::printf("order-1: %s\n", order->ToString().c_str());
}
