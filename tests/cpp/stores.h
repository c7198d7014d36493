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

// With the broker `messages` and what else is given as YAML.
inline mecha::Runtime StartedBroker(const std::string& more = "") {
  mecha::RuntimeOptions options = MemoryOptions();
  options.resource_texts.push_back(
      "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: messages\nspec:\n"
      "  type: pubsub.in-memory\n  version: v1\n");
  if (!more.empty()) {
    options.resource_texts.push_back(more);
  }
  mecha::Result<mecha::Runtime> runtime = mecha::Runtime::OpenAndStart(options);
  INFO((runtime.ok() ? "" : std::string(runtime.error().message())));
  REQUIRE(runtime.ok());
  return std::move(runtime).value();
}

// To serve the topic `orders` of that broker.
inline mecha::ServeOptions Orders() { return mecha::ServeOptions::Topics("messages", {"orders"}); }

inline mecha::Queue OpenedQueue(const mecha::Runtime& runtime) {
  mecha::Result<mecha::Queue> queue = mecha::Queue::Open(runtime);
  REQUIRE(queue.ok());
  return std::move(queue).value();
}

inline mecha::Registration Served(const mecha::Runtime& runtime, const mecha::Queue& queue,
                                  const mecha::ServeOptions& options) {
  mecha::Result<mecha::Registration> registration = mecha::Serve(runtime, queue, options);
  INFO((registration.ok() ? "" : std::string(registration.error().message())));
  REQUIRE(registration.ok());
  return std::move(registration).value();
}

inline void Publish(const mecha::Runtime& runtime, std::string_view data,
                    std::string_view key = {}) {
  mecha::Message message = mecha::Message::Of(data);
  message.key = key;
  REQUIRE(runtime.pubsub("messages").Publish("orders", message).ok());
}

// The next request; none when none comes.
inline mecha::Request NextRequest(const mecha::Runtime& runtime, mecha::Queue& queue) {
  mecha::Result<mecha::Event> event = queue.Next(std::chrono::seconds(20));
  REQUIRE(event.ok());
  return mecha::Request(runtime, std::move(event).value());
}
