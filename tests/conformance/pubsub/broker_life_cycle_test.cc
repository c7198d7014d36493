// SPDX-License-Identifier: Apache-2.0
// What stop, suspend, shutdown and a second start do to messages and to the requests in handlers.
#include <thread>

#include "conformance/pubsub/broker_world.h"
#include "support/catch.h"

namespace conformance {
namespace {

constexpr int64_t kSecond = Subscriber::kSecond;
constexpr int64_t kMoment = kSecond / 20;

// The counts of a report, in one line.
std::string Counts(const Answer& answer) {
  const nlohmann::json report = nlohmann::json::parse(answer.only().value, nullptr, false);
  if (!report.is_object()) {
    return "no report: " + answer.only().value;
  }
  std::string counts;
  for (const char* name : {"finished", "returned", "abandoned"}) {
    counts += (counts.empty() ? "" : " ") + report.value(name, nlohmann::json("none")).dump();
  }
  return counts;
}

// Until new calls are refused.
bool AwaitEnd(const BrokerClient& broker) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(15);
  while (broker.Publish("elsewhere", "x").ok()) {
    if (std::chrono::steady_clock::now() > until) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

TEST_CASE("stop waits for handlers, gives back what nobody took, and reports both") {
  const BrokerWorld world;
  auto subscriber = std::make_unique<Subscriber>(world.runtime.get(), QuickTopic("orders"));
  REQUIRE(world.broker.PublishAll("orders", {"a", "b", "c"}));
  REQUIRE(subscriber->SetCredit(10) == MECHA_OK);
  const Request first = subscriber->Next();
  CHECK(subscriber->Reply(first.id) == MECHA_OK);
  const Request held = subscriber->Next();
  REQUIRE(held.id != 0);
  Answer stopped;
  std::thread stopping([&] { stopped = subscriber->Stop(); });
  while (mecha_serve_credit(subscriber->registration(), 10) == MECHA_OK) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK(subscriber->IsCancelled(held.id) == MECHA_OK);
  CHECK(subscriber->Reply(held.id) == MECHA_OK);
  stopping.join();
  INFO(Words(stopped));
  CHECK(stopped.status == MECHA_OK);
  CHECK(Counts(stopped).starts_with("2 "));
  CHECK(Counts(stopped).ends_with(" 0"));
  CHECK(subscriber->Stop().status == MECHA_CLOSED);
  CHECK(subscriber->SetCredit(1) == MECHA_CLOSED);
  CHECK(subscriber->IsQuiet());
  subscriber.reset();
  Subscriber next(world.runtime.get(), Topic("orders"));
  CHECK(next.Handle(1) == (first.data() != "c" && held.data() != "c"   ? "c"
                           : first.data() != "b" && held.data() != "b" ? "b"
                                                                       : "a"));
  CHECK(next.IsQuiet());
}

TEST_CASE("stop gives up on a handler at its deadline, and the message comes again") {
  const BrokerWorld world;
  auto subscriber = std::make_unique<Subscriber>(world.runtime.get(), QuickTopic("orders"));
  REQUIRE(world.broker.Publish("orders", "x").ok());
  const Request held = subscriber->Next();
  REQUIRE(held.id != 0);
  const Answer stopped = subscriber->Stop(kMoment);
  CHECK(stopped.status == MECHA_DEADLINE_EXCEEDED);
  CHECK(Counts(stopped).ends_with(" 1"));
  CHECK(subscriber->IsCancelled(held.id) != MECHA_OK);
  CHECK(subscriber->Reply(held.id) == MECHA_GONE);
  Subscriber next(world.runtime.get(), QuickTopic("orders"));
  CHECK(next.Handle(1) == "x");
}

TEST_CASE("closing a queue ends its registration") {
  const BrokerWorld world;
  Subscriber closed(world.runtime.get(), QuickTopic("orders"));
  REQUIRE(world.broker.PublishAll("orders", {"x", "y"}));
  const Request held = closed.Next();
  REQUIRE(held.id != 0);
  REQUIRE(mecha_queue_close(closed.queue()) == MECHA_OK);
  Subscriber next(world.runtime.get(), QuickTopic("orders"));
  std::string handled = next.Handle(2);
  std::ranges::sort(handled);
  CHECK(handled == " xy");  // also what was in a handler
  CHECK(next.Reply(held.id) == MECHA_GONE);
  CHECK(closed.SetCredit(5) == MECHA_CLOSED);
}

TEST_CASE("shutdown waits for a handler until its deadline") {
  const BackEnd back_end;
  {
    const BrokerRuntime runtime(back_end);
    Subscriber subscriber(runtime.get(), QuickTopic("orders"));
    REQUIRE(runtime.client().Publish("orders", "x").ok());
    const Request held = subscriber.Next();
    REQUIRE(held.data() == "x");
    mecha_status ended = MECHA_UNKNOWN;
    std::thread ending(
        [&] { ended = mecha_runtime_shutdown(runtime.get(), 20 * kSecond, nullptr); });
    CHECK(AwaitEnd(runtime.client()));
    CHECK(subscriber.Reply(held.id) == MECHA_OK);
    ending.join();
    CHECK(ended == MECHA_OK);
    CHECK(subscriber.Reply(held.id) == MECHA_GONE);
    CHECK(runtime.client().Publish("orders", "y").status == MECHA_CLOSED);
  }
  const BrokerRuntime again(back_end);
  Subscriber subscriber(again.get(), QuickTopic("orders"));
  CHECK(subscriber.IsQuiet());  // it was handled
}

TEST_CASE("a broker that lasts keeps messages and open requests over a restart") {
  const BackEnd back_end;
  bool is_durable = false;
  {
    const BrokerRuntime runtime(back_end);
    is_durable = runtime.Has("durable");
    ServeSetup setup = QuickTopic("orders");
    setup.credit = 2;
    Subscriber subscriber(runtime.get(), setup);
    REQUIRE(runtime.client().PublishAll("orders", {"a", "b", "c", "d"}));
    std::vector<Request> open = subscriber.Take(2);
    REQUIRE(open.size() == 2);
    REQUIRE(open[0].data() == "a");
    CHECK(subscriber.Reply(open[0].id) == MECHA_OK);
    // Stopped with b, and perhaps c, in a handler.
  }
  const BrokerRuntime again(back_end);
  Subscriber subscriber(again.get(), QuickTopic("orders"));
  if (is_durable) {
    std::string handled = subscriber.Handle(3);
    std::ranges::sort(handled);
    CHECK(handled == "  bcd");
  }
  CHECK(subscriber.IsQuiet());
  REQUIRE(again.client().Publish("orders", "e").ok());
  CHECK(subscriber.Handle(1) == "e");
}

TEST_CASE("suspend gives back what waits, and resume goes on") {
  const BrokerWorld world;
  Subscriber subscriber(world.runtime.get(), QuickTopic("orders"));
  for (const uint32_t flags : {0u, uint32_t{MECHA_SUSPEND_KEEP_CONNECTIONS}}) {
    REQUIRE(world.broker.PublishAll("orders", {"a", "b"}));
    const Request first = subscriber.Next();
    CHECK(subscriber.Reply(first.id) == MECHA_OK);
    REQUIRE(mecha_runtime_suspend(world.runtime.get(), 10 * kSecond, flags, nullptr) == MECHA_OK);
    CHECK(world.broker.Publish("orders", "x").status == MECHA_SUSPENDED);
    CHECK(subscriber.IsQuiet());
    REQUIRE(mecha_runtime_resume(world.runtime.get(), nullptr) == MECHA_OK);
    CHECK(subscriber.Handle(1) == (first.data() == "a" ? "b" : "a"));
    REQUIRE(world.broker.Publish("orders", "c").ok());
    CHECK(subscriber.Handle(1) == "c");
    CHECK(subscriber.IsQuiet());
  }
}

// Until the process has so many in hand: in requests that nobody has taken, or on their way there.
bool AwaitInHand(const BrokerRuntime& runtime, uint64_t count) {
  const auto until = std::chrono::steady_clock::now() + Subscriber::kPatience;
  while (runtime.Describe().at("subscriptions").at(0).at("messages").at("received") < count) {
    if (std::chrono::steady_clock::now() > until) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

// "a1 b2": each message and its attempt; all are accepted.
std::string Attempts(Subscriber& subscriber, size_t count) {
  std::vector<std::string> found;
  for (const Request& request : subscriber.Take(count)) {
    found.push_back(request.data() + std::to_string(request.only().attempt));
    CHECK(subscriber.Reply(request.id) == MECHA_OK);
  }
  std::ranges::sort(found);
  std::string text;
  for (const std::string& one : found) {
    text += (text.empty() ? "" : " ") + one;
  }
  return text;
}

TEST_CASE("a drain gives back as new what no handler saw, and counts what one had") {
  const BrokerWorld world;
  auto subscriber = std::make_unique<Subscriber>(world.runtime.get(), QuickTopic("orders"));
  REQUIRE(world.broker.PublishAll("orders", {"a", "b"}));
  for (uint64_t round = 1; round <= 3; ++round) {
    // One that keeps events delivers when somebody comes for messages, so nothing is in hand.
    REQUIRE((world.runtime.Has("keeps_events") || AwaitInHand(world.runtime, 2 * round)));
    REQUIRE(mecha_runtime_suspend(world.runtime.get(), 10 * kSecond, 0, nullptr) == MECHA_OK);
    REQUIRE(mecha_runtime_resume(world.runtime.get(), nullptr) == MECHA_OK);
  }
  const Request seen = subscriber->Next();
  CHECK(subscriber->Stop(kMoment).status == MECHA_DEADLINE_EXCEEDED);
  CHECK(subscriber->Reply(seen.id) == MECHA_GONE);
  Subscriber next(world.runtime.get(), QuickTopic("orders"));
  const std::string attempts = Attempts(next, 2);
  if (world.runtime.Has("attempts")) {
    CHECK(seen.only().attempt == 1);
    CHECK(attempts == (seen.data() == "a" ? "a2 b1" : "a1 b2"));
  }
  CHECK(next.IsQuiet());
}

TEST_CASE("a shutdown gives back as new what no handler saw, and counts what one had") {
  const BackEnd back_end;
  std::string seen;
  bool keeps_attempts = false;
  {
    const BrokerRuntime runtime(back_end);
    keeps_attempts = runtime.Has("durable") && runtime.Has("attempts");
    Subscriber subscriber(runtime.get(), QuickTopic("orders"));
    REQUIRE(runtime.client().PublishAll("orders", {"a", "b"}));
    seen = subscriber.Next().data();
    REQUIRE(AwaitInHand(runtime, 2));
    // The deadline of a handler that does not answer.
    CHECK(mecha_runtime_shutdown(runtime.get(), kMoment, nullptr) == MECHA_DEADLINE_EXCEEDED);
  }
  const BrokerRuntime again(back_end);
  Subscriber subscriber(again.get(), QuickTopic("orders"));
  if (keeps_attempts) {
    CHECK(Attempts(subscriber, 2) == (seen == "a" ? "a2 b1" : "a1 b2"));
  }
}

TEST_CASE("suspend does not wait longer than it may for a handler") {
  const BrokerWorld world;
  Subscriber subscriber(world.runtime.get(), QuickTopic("orders"));
  REQUIRE(world.broker.Publish("orders", "x").ok());
  const Request held = subscriber.Next();
  REQUIRE(held.id != 0);
  const mecha_status suspended = mecha_runtime_suspend(world.runtime.get(), kMoment, 0, nullptr);
  CHECK((suspended == MECHA_OK || suspended == MECHA_DEADLINE_EXCEEDED));
  CHECK(subscriber.Reply(held.id) == MECHA_GONE);
  if (suspended == MECHA_OK) {
    REQUIRE(mecha_runtime_resume(world.runtime.get(), nullptr) == MECHA_OK);
  }
  CHECK(subscriber.Handle(1) == "x");
  CHECK(subscriber.IsQuiet());
}

TEST_CASE("describe shows the broker, its type and its capabilities") {
  const BrokerWorld world;
  const nlohmann::json description = world.runtime.Describe();
  const nlohmann::json& component = description.at("components").at(0);
  CHECK(component.at("name") == "broker");
  CHECK(component.at("type") == std::string(kHarness.type));
  for (const char* name :
       {"publish_many", "ttl", "delayed_return", "lease", "order", "durable", "competing_consumers",
        "attempts", "keeps_events", "broker_id", "message_metadata"}) {
    INFO(name);
    CHECK(component.at("capabilities").contains(name));
  }
}

}  // namespace
}  // namespace conformance
