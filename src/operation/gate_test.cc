// SPDX-License-Identifier: Apache-2.0
#include "operation/gate.h"

#include <thread>
#include <vector>

#include "operation/input.h"
#include "result/status.h"
#include "support/catch.h"

namespace mecha {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a gate lets in only while running, and says why not") {
  Gate gate;
  CHECK(IsFailedPrecondition(gate.Enter()));
  gate.SetPhase(Gate::Phase::kRunning);
  CHECK(gate.Enter().ok());
  CHECK(gate.inside() == 1);
  gate.SetPhase(Gate::Phase::kSuspended);
  CHECK(gate.inside() == 1);
  CHECK(HasCode(gate.Enter(), StatusCode::kSuspended));
  gate.SetPhase(Gate::Phase::kClosed);
  CHECK(HasCode(gate.Enter(), StatusCode::kClosed));
  gate.Leave();
  CHECK(gate.inside() == 0);
  CHECK(gate.phase() == Gate::Phase::kClosed);
}

TEST_CASE("waiting for an empty gate ends with the last one out, or with the deadline") {
  const Clock clock;
  for (int round = 0; round < 100; ++round) {
    Gate gate;
    gate.SetPhase(Gate::Phase::kRunning);
    REQUIRE(gate.Enter().ok());
    gate.SetPhase(Gate::Phase::kClosed);
    CHECK_FALSE(gate.WaitUntilEmpty(clock, Deadline::At(clock.Now())));
    std::thread leaver([&] { gate.Leave(); });
    CHECK(gate.WaitUntilEmpty(clock, Deadline::Never()));
    leaver.join();
  }
}

TEST_CASE("those who knock at a shut gate do not keep it from being empty") {
  const Clock clock;
  Gate gate;
  gate.SetPhase(Gate::Phase::kRunning);
  gate.SetPhase(Gate::Phase::kClosed);
  std::atomic<bool> has_ended{false};
  std::atomic<bool> was_let_in{false};
  std::vector<std::thread> knockers;
  for (int i = 0; i < 3; ++i) {
    knockers.emplace_back([&] {
      while (!has_ended.load()) {
        if (gate.Enter().ok()) {
          was_let_in.store(true);
        }
      }
    });
  }
  for (int i = 0; i < 1000; ++i) {
    CHECK(gate.inside() == 0);
  }
  CHECK(gate.WaitUntilEmpty(clock, Deadline::At(clock.Now())));
  has_ended.store(true);
  for (std::thread& knocker : knockers) {
    knocker.join();
  }
  CHECK_FALSE(was_let_in.load());
}

TEST_CASE("inputs are kept as they are, copied, or lent until released") {
  InputStore store;
  std::string text = "text";
  CHECK((store.Keep(text, false).data() == text.data()));
  const std::string_view copy = store.Keep(text, true);
  CHECK(copy.data() != text.data());
  text = "####";
  CHECK(copy == "text");
  CHECK(store.Keep(std::string_view(), true).empty());
  int released = 0;
  const Input lent{text, [](void* context) { ++*static_cast<int*>(context); }, &released};
  CHECK((store.Keep(lent, true).data() == text.data()));
  CHECK(released == 0);
  store.RunReleases();
  store.RunReleases();
  CHECK(released == 1);
}

}  // namespace
}  // namespace mecha
