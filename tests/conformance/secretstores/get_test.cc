// SPDX-License-Identifier: Apache-2.0
// Reading and listing secrets.
#include <atomic>
#include <thread>

#include "conformance/client/event_queue.h"
#include "conformance/secretstores/secret_client.h"
#include "support/catch.h"

namespace conformance {
namespace {

TEST_CASE("every known secret is read with all its keys") {
  const SecretWorld world;
  const Secrets known = KnownSecrets();
  REQUIRE_FALSE(known.empty());
  for (const auto& [name, values] : known) {
    const Answer answer = world.store.Get(name);
    INFO(name << ": " << Words(answer));
    REQUIRE(answer.ok());
    CHECK(SecretsOf(answer) == Secrets{{name, values}});
    CHECK(answer.items.size() == values.size());
  }
}

TEST_CASE("an absent secret is NOT_FOUND without an error") {
  const SecretWorld world;
  const Answer answer = world.store.Get("nosuchsecret");
  CHECK(answer.status == MECHA_NOT_FOUND);
  CHECK_FALSE(answer.has_error);
}

TEST_CASE("an empty name is INVALID_ARGUMENT, never all secrets") {
  const SecretWorld world;
  const Answer answer = world.store.Get("");
  CHECK(answer.status == MECHA_INVALID_ARGUMENT);
  CHECK(answer.items.empty());
}

TEST_CASE("an unknown secret store names those that are loaded") {
  const SecretWorld world;
  const Answer answer = SecretClient(world.runtime.get(), "nobody").Get("x");
  CHECK(answer.status == MECHA_NOT_FOUND);
  REQUIRE(answer.has_error);
  CHECK(answer.error.find("store") != std::string::npos);
}

TEST_CASE("a list holds every known secret") {
  const SecretWorld world;
  if (!world.runtime.Has("list")) {
    CHECK(IsRefusal(world.store.List()));
    return;
  }
  const Answer answer = world.store.List();
  INFO(Words(answer));
  REQUIRE(answer.ok());
  const Secrets listed = SecretsOf(answer);
  for (const auto& [name, values] : KnownSecrets()) {
    INFO(name);
    REQUIRE(listed.count(name) == 1);
    CHECK(listed.at(name) == values);
  }
}

TEST_CASE("secrets come through a queue as they do when the call blocks") {
  const SecretWorld world;
  EventQueue queue(world.runtime.get());
  for (const auto& [name, values] : KnownSecrets()) {
    const mecha_call call = queue.Call(7);
    REQUIRE(world.store.Get(name, &call).status == MECHA_PENDING);
    const std::vector<Event> events = queue.Collect(1);
    REQUIRE(events.size() == 1);
    CHECK(events[0].token == 7);
    CHECK(SecretsOf(events[0].answer) == Secrets{{name, values}});
  }
}

TEST_CASE("many threads read secrets at the same time") {
  const SecretWorld world;
  const Secrets known = KnownSecrets();
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 100; ++round) {
        for (const auto& [name, values] : known) {
          wrong += SecretsOf(world.store.Get(name)) == Secrets{{name, values}} ? 0 : 1;
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(wrong == 0);
}

TEST_CASE("secrets are there again after a suspend and resume") {
  const SecretWorld world;
  const std::string name = KnownSecrets().begin()->first;
  REQUIRE(mecha_runtime_suspend(world.runtime.get(), 1'000'000'000, 0, nullptr) == MECHA_OK);
  CHECK(world.store.Get(name).status == MECHA_SUSPENDED);
  REQUIRE(mecha_runtime_resume(world.runtime.get(), nullptr) == MECHA_OK);
  CHECK(world.store.Get(name).ok());
}

TEST_CASE("no secret shows in describe or in an error") {
  const SecretWorld world;
  static_cast<void>(world.store.Get("nosuchsecret"));
  const std::string text = world.runtime.Describe().dump();
  for (const KnownSecret& secret : kHarness.secrets) {
    if (secret.value.size() > 4) {
      CHECK(text.find(secret.value) == std::string::npos);
    }
  }
}

}  // namespace
}  // namespace conformance
