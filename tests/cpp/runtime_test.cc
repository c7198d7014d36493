// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>
#include <thread>

#include "stores.h"

using std::chrono::seconds;

TEST_CASE("a mistake in YAML is an error with its place") {
  mecha::RuntimeOptions options = MemoryOptions();
  options.resource_texts.push_back("apiVersion: dapr.io/v1alpha1\nkind: [Component\n");
  const mecha::Result<mecha::Runtime> runtime = mecha::Runtime::Open(options);
  REQUIRE_FALSE(runtime.ok());
  CHECK(runtime.status() == mecha::Status::kInvalidArgument);
  CHECK(runtime.error().message().find("2:") != std::string_view::npos);
  CHECK(runtime.error().message().find("YAML") != std::string_view::npos);
}

TEST_CASE("a folder that does not exist is named") {
  mecha::RuntimeOptions options = MemoryOptions();
  options.resource_paths = {"no/such/folder"};
  const mecha::Result<mecha::Runtime> runtime = mecha::Runtime::Open(options);
  REQUIRE_FALSE(runtime.ok());
  CHECK(runtime.status() == mecha::Status::kNotFound);
  CHECK(runtime.error().message().find("no/such/folder") != std::string_view::npos);
}

TEST_CASE("a start that fails tells what failed, and may be tried again") {
  mecha::RuntimeOptions options = MemoryOptions();
  options.resource_texts.push_back(
      "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: broken\nspec:\n"
      "  type: secretstores.local.file\n  version: v1\n  metadata:\n"
      "    - name: secretsFile\n      value: no/such/secrets.json\n");
  mecha::Result<mecha::Runtime> runtime = mecha::Runtime::Open(options);
  REQUIRE(runtime.ok());
  for (int i = 0; i < 2; ++i) {
    const mecha::Result<void> started = runtime->Start();
    REQUIRE_FALSE(started.ok());
    CHECK(started.error().message().find("broken") != std::string_view::npos);
    CHECK(started.error().message().find(":10:") != std::string_view::npos);  // secretsFile
  }
  const mecha::Result<mecha::Runtime> both = mecha::Runtime::OpenAndStart(options);
  REQUIRE_FALSE(both.ok());
  CHECK(both.error().message().find("no/such/secrets.json") != std::string_view::npos);
}

TEST_CASE("an unknown setting is an error that names it") {
  mecha::RuntimeOptions options = MemoryOptions();
  options.settings = {{"no-such-setting", "1"}};
  const mecha::Result<mecha::Runtime> runtime = mecha::Runtime::Open(options);
  REQUIRE_FALSE(runtime.ok());
  CHECK(runtime.status() == mecha::Status::kInvalidArgument);
  CHECK(runtime.error().message().find("no-such-setting") != std::string_view::npos);
}

TEST_CASE("a store says that the runtime has not been started") {
  const mecha::Result<mecha::Runtime> runtime = mecha::Runtime::Open(MemoryOptions());
  REQUIRE(runtime.ok());
  const mecha::Result<mecha::Value> value = runtime->state("orders").Get("key");
  CHECK(value.status() == mecha::Status::kFailedPrecondition);
}

TEST_CASE("an unknown store is an error that lists the ones there are") {
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::Result<mecha::Value> value = runtime.state("order").Get("key");
  REQUIRE_FALSE(value.ok());
  CHECK(value.status() == mecha::Status::kNotFound);
  CHECK(value.error().message().find("orders") != std::string_view::npos);
}

TEST_CASE("a moved runtime keeps its stores, and handles made before it moved") {
  mecha::Runtime first = StartedRuntime();
  const mecha::State orders = first.state("orders");
  REQUIRE(orders.Set("key", "value").ok());
  mecha::Runtime second = std::move(first);
  CHECK(first.get() == nullptr);
  CHECK(orders.Get("key")->bytes() == "value");
  first = StartedRuntime();
  CHECK_FALSE(first.state("orders").Get("key")->found());
  second = std::move(first);
  CHECK_FALSE(second.state("orders").Get("key")->found());
}

TEST_CASE("describe and metrics are text for programs") {
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::Result<mecha::Value> described = runtime.Describe();
  REQUIRE(described.ok());
  const nlohmann::json description = nlohmann::json::parse(described->bytes());
  CHECK(description.dump().find("orders") != std::string::npos);
  REQUIRE(runtime.state("orders").Set("key", "value").ok());
  const mecha::Result<mecha::Value> metrics = runtime.Metrics();
  REQUIRE(metrics.ok());
  CHECK(metrics->bytes().find("orders") != std::string_view::npos);
}

TEST_CASE("a ping reaches a component and misses an unknown one") {
  mecha::Runtime runtime = StartedRuntime();
  CHECK(runtime.Ping("orders").ok());
  CHECK(runtime.Ping("nowhere").status() == mecha::Status::kNotFound);
}

TEST_CASE("suspend keeps what is in memory, and resume gives it back") {
  mecha::Runtime runtime = StartedRuntime();
  const mecha::State orders = runtime.state("orders");
  REQUIRE(orders.Set("key", "value").ok());
  REQUIRE(runtime.Suspend(seconds(1)).ok());
  CHECK(orders.Get("key").status() == mecha::Status::kSuspended);
  REQUIRE(runtime.Resume().ok());
  CHECK(orders.Get("key")->bytes() == "value");
  const mecha::Result<void> again = runtime.Resume();
  CHECK(again.status() == mecha::Status::kFailedPrecondition);
  CHECK(again.error().message() != "FAILED_PRECONDITION");
}

TEST_CASE("shutdown reports as JSON and closes the stores") {
  mecha::Runtime runtime = StartedRuntime();
  const mecha::Result<mecha::Value> report = runtime.Shutdown(seconds(1));
  REQUIRE(report.ok());
  CHECK(nlohmann::json::parse(report->bytes()).is_object());
  CHECK(runtime.state("orders").Get("key").status() == mecha::Status::kClosed);
  CHECK(runtime.Shutdown(seconds(1)).status() == mecha::Status::kClosed);
  CHECK(runtime.Start().status() == mecha::Status::kClosed);
}

TEST_CASE("cancelling an operation that is over finds nothing") {
  mecha::Runtime runtime = StartedRuntime();
  mecha::Operation operation;
  CHECK(operation.id() == 0);
  mecha::CallOptions call;
  call.operation = &operation;
  REQUIRE(runtime.state("orders").Set("key", "value", {}, call).ok());
  CHECK(runtime.Cancel(operation) == mecha::Status::kNotFound);
  CHECK(runtime.Cancel(123456789) == mecha::Status::kNotFound);
}

TEST_CASE("a host lends its thread to a runtime that has none") {
  mecha::RuntimeOptions options = MemoryOptions();
  options.lends_threads = true;
  mecha::Result<mecha::Runtime> runtime = mecha::Runtime::OpenAndStart(options);
  REQUIRE(runtime.ok());
  CHECK(runtime->fd() >= 0);
  const mecha::Result<std::int32_t> ran = runtime->Run(seconds(0));
  REQUIRE(ran.ok());
  CHECK(*ran >= 0);
  mecha::Runtime own_threads = StartedRuntime();
  CHECK(own_threads.fd() == -1);
  CHECK(own_threads.Run(seconds(0)).status() == mecha::Status::kFailedPrecondition);
}

TEST_CASE("the clock can be moved to make a value expire") {
  mecha::Runtime runtime = StartedRuntime();
  const mecha::State orders = runtime.state("orders");
  mecha::SetOptions short_lived;
  short_lived.ttl = seconds(10);
  REQUIRE(orders.Set("key", "value", short_lived).ok());
  mecha::Result<mecha::Value> before = orders.Get("key");
  REQUIRE(before.ok());
  CHECK(before->found());
  CHECK(before->expires().has_value());
  REQUIRE(runtime.AdvanceClock(seconds(11)) == mecha::Status::kOk);
  CHECK_FALSE(orders.Get("key")->found());
}
