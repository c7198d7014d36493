// SPDX-License-Identifier: Apache-2.0
// Brokers of plug-ins as a host meets them: through the C interface and the setting `plugins`. Most
// are wrong in one way; tests/plugins/bad_broker.c says in which.
#include <dlfcn.h>

#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "conformance/client/broker_client.h"
#include "conformance/client/subscriber.h"
#include "mecha/mecha.h"
#include "modules/opened_runtime.h"
#include "support/catch.h"

namespace {

using conformance::Answer;
using conformance::BrokerClient;
using conformance::Pairs;
using conformance::Request;
using conformance::ServeSetup;
using conformance::Subscriber;

constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kSecond = 1'000 * kMillisecond;

std::string DocumentOf(std::string_view type, const Pairs& metadata) {
  std::string document =
      "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: broker}\nspec:\n  type: ";
  document += type;
  document += "\n  version: v1\n  metadata:\n    - {name: consumerID, value: app}\n";
  for (const auto& [name, value] : metadata) {
    document += "    - {name: ";
    document += name;
    document += ", value: \"";
    document += value;
    document += "\"}\n";
  }
  return document;
}

class BrokerRuntime : public mecha::test::OpenedRuntime {
 public:
  BrokerRuntime(std::string_view file, std::string_view type, const Pairs& metadata)
      : mecha::test::OpenedRuntime("plugins", file, DocumentOf(type, metadata)) {
    INFO(message);
    REQUIRE(status == MECHA_OK);
  }

  // Subscribing to "orders" by hand.
  Answer Serve(int64_t timeout_ns = 0) {
    mecha_queue* queue = nullptr;
    REQUIRE(mecha_queue_open(runtime, nullptr, &queue) == MECHA_OK);
    mecha_call call{};
    call.struct_size = sizeof call;
    call.timeout_ns = timeout_ns;
    mecha_registration* registration = nullptr;
    const Answer answer =
        conformance::Serve(runtime, &call, queue, conformance::Topic("orders"), &registration);
    mecha_registration_free(registration);
    mecha_queue_free(queue);
    return answer;
  }
  bool Warns(std::string_view words) const { return Describe().find(words) != std::string::npos; }

  BrokerClient client{runtime, "broker"};
};

// One whose `function` does `fault`.
struct BadBroker : BrokerRuntime {
  BadBroker(const std::string& function, const std::string& fault)
      : BrokerRuntime(PLUGINS "/bad_broker.so", "pubsub.bad", {{function, fault}}) {}
};

// A function of the plug-in for its tests.
int AskPlugin(const char* function) {
  void* handle = dlopen(PLUGINS "/bad_broker.so", RTLD_NOW | RTLD_LOCAL);
  REQUIRE((handle != nullptr));
  return reinterpret_cast<int (*)()>(dlsym(handle, function))();
}

template <class Condition>
bool Comes(Condition condition) {
  const auto until = std::chrono::steady_clock::now() + Subscriber::kPatience;
  while (!condition() && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return condition();
}

TEST_CASE("a subscription that the plug-in refuses says what it said") {
  BadBroker fails("subscribe", "fails");
  const Answer refused = fails.Serve();
  CHECK(refused.status == MECHA_PERMISSION_DENIED);
  INFO(refused.error);
  CHECK(refused.error.find("the door is shut. Knock") != std::string::npos);
  BadBroker no_memory("subscribe", "no-memory");
  CHECK(no_memory.Serve().status == MECHA_NO_MEMORY);
}

TEST_CASE("a subscription that never completes ends at the deadline") {
  BadBroker opened("subscribe", "never");
  CHECK(opened.Serve(50 * kMillisecond).status == MECHA_DEADLINE_EXCEEDED);
  CHECK(mecha_runtime_shutdown(opened.runtime, kSecond, nullptr) == MECHA_OK);
  CHECK(opened.Warns("never completed 1 of its tasks"));
}

TEST_CASE("what publish does wrong blames the plug-in; the message is maybe there") {
  BadBroker items("publish", "items");
  const Answer answer = items.client.Publish("orders", "x");
  CHECK(answer.status == MECHA_INTERNAL);
  INFO(answer.error);
  CHECK(answer.error.find("2 items instead of 1") != std::string::npos);
  BadBroker twice("publish", "twice");
  CHECK(twice.client.Publish("orders", "x").ok());
  CHECK(twice.Warns("completed a task that is not open, so twice"));
  BadBroker never("publish", "never");
  mecha_call call{};
  call.struct_size = sizeof call;
  call.timeout_ns = 30 * kMillisecond;
  CHECK(never.client.Publish("orders", conformance::Text("x"), &call).status ==
        MECHA_DEADLINE_EXCEEDED);
}

TEST_CASE("deliveries that break a promise are refused, and the others arrive") {
  struct Case {
    const char* fault;
    int refusal;
    std::string_view words;
  };
  for (const Case& one : {
           Case{"surplus", MECHA_RESOURCE_EXHAUSTED, "delivered more messages than were requested"},
           Case{"number", MECHA_INVALID_ARGUMENT, "delivered a message whose number is not larger"},
           Case{"nowhere", MECHA_GONE, "delivered messages to a feed that is not open"},
           Case{"metadata", MECHA_INVALID_ARGUMENT,
                "delivered a message whose metadata is missing"},
       }) {
    INFO(one.fault);
    BadBroker opened("deliver", one.fault);
    Subscriber subscriber(opened.runtime, conformance::Topic("orders"));
    AskPlugin("bad_broker_refusal");
    REQUIRE(opened.client.Publish("orders", "x").ok());
    CHECK(subscriber.Handle(1) == "x");
    CHECK(AskPlugin("bad_broker_refusal") == one.refusal);
    CHECK(opened.Warns("the plug-in bad_broker " + std::string(one.words)));
    CHECK(opened.Warns("they were refused. Tell its makers"));
    CHECK(subscriber.IsQuiet());
  }
}

TEST_CASE("a feed that goes on after its stop delivers nothing, and describe warns") {
  BadBroker opened("stop", "goes-on");
  {
    Subscriber subscriber(opened.runtime, conformance::Topic("orders"));
    CHECK(subscriber.Stop().status == MECHA_OK);
    CHECK(subscriber.IsQuiet());
  }
  CHECK(opened.Warns("delivered messages after its feed had stopped"));
}

TEST_CASE("a feed tells its health once") {
  BadBroker opened("deliver", "sick");
  Subscriber subscriber(opened.runtime, conformance::Topic("orders"));
  REQUIRE(opened.client.Publish("orders", "x").ok());
  CHECK(subscriber.Handle(1) == "x");
  CHECK(opened.Warns("no messages come: the lamp is off"));
  CHECK_FALSE(opened.Warns("still off"));
}

TEST_CASE("a settlement completed twice, or unknown to the plug-in, ends the message once") {
  for (const char* fault : {"twice", "unknown"}) {
    BadBroker opened("settle", fault);
    Subscriber subscriber(opened.runtime, conformance::Topic("orders"));
    REQUIRE(opened.client.Publish("orders", "x").ok());
    CHECK(subscriber.Handle(1) == "x");
    CHECK(subscriber.Stop().status == MECHA_OK);
    CHECK(opened.Warns("completed a task that is not open, so twice"));
  }
}

TEST_CASE("a settlement that makes no sense is a warning, for nobody is shown its failure") {
  BadBroker opened("settle", "status");
  Subscriber subscriber(opened.runtime, conformance::Topic("orders"));
  REQUIRE(opened.client.Publish("orders", "x").ok());
  CHECK(subscriber.Handle(1) == "x");
  subscriber.Stop(20 * kMillisecond);
  CHECK(opened.Warns("settle of the plug-in bad_broker failed"));
  CHECK(opened.Warns("ends an operation with status 77"));
}

TEST_CASE("settlements and stops that never complete hold up neither stop nor shutdown") {
  for (const char* function : {"settle", "stop"}) {
    BadBroker opened(function, "never");
    {
      Subscriber subscriber(opened.runtime, conformance::Topic("orders"));
      REQUIRE(opened.client.Publish("orders", "x").ok());
      CHECK(subscriber.Handle(1) == "x");
      // All handlers have ended. What the broker did not confirm is a warning.
      const Answer stopped = subscriber.Stop(20 * kMillisecond);
      CHECK(stopped.status == MECHA_OK);
      CHECK(stopped.only().value.find("\"finished\":1") != std::string::npos);
      CHECK(subscriber.IsQuiet());
    }
    const bool is_stop = std::string_view(function) == "stop";
    CHECK(opened.Warns(is_stop ? "did not confirm in time that it has ended"
                               : "did not confirm in time what became of its messages; messages "
                                 "that may come again: 1"));
    mecha_runtime_shutdown(opened.runtime, 20 * kMillisecond, nullptr);
    CHECK(opened.Warns("never completed 1 of its tasks"));
  }
}

TEST_CASE("a stop that never completes holds up no suspension, and resume goes on") {
  BadBroker opened("stop", "never");
  Subscriber subscriber(opened.runtime, conformance::Topic("orders"));
  CHECK(mecha_runtime_suspend(opened.runtime, kSecond, 0, nullptr) == MECHA_OK);
  REQUIRE(mecha_runtime_resume(opened.runtime, nullptr) == MECHA_OK);
  REQUIRE(opened.client.Publish("orders", "x").ok());
  CHECK(subscriber.Handle(1) == "x");
  CHECK(opened.Warns("did not confirm in time that it has ended"));
}

TEST_CASE("a plug-in may hold its own lock while it completes and delivers") {
  constexpr size_t kAll = 50;
  BadBroker opened("settle", "later");
  ServeSetup setup = conformance::Topic("orders");
  setup.credit = 3;  // so each settlement asks for more
  Subscriber subscriber(opened.runtime, setup);
  for (size_t i = 0; i < kAll; ++i) {
    REQUIRE(opened.client.Publish("orders", "x").ok());
  }
  std::string all = "x";
  for (size_t i = 1; i < kAll; ++i) {
    all += " x";
  }
  CHECK(subscriber.Handle(kAll) == all);
  CHECK(subscriber.Stop().status == MECHA_OK);
}

TEST_CASE("a lease is renewed while its message is handled, and a wrong renewal is a warning") {
  for (const bool is_wrong : {false, true}) {
    BadBroker opened("renew", is_wrong ? "items" : "");
    ServeSetup setup = conformance::Topic("orders");
    setup.reply_timeout_ns = 3600 * kSecond;
    Subscriber subscriber(opened.runtime, setup);
    REQUIRE(opened.client.Publish("orders", "x").ok());
    const Request held = subscriber.Next();
    REQUIRE(held.data() == "x");
    CHECK(held.only().lease_ns == 60 * kSecond);
    for (int i = 0; i < 3; ++i) {
      const int before = AskPlugin("bad_broker_renewals");
      REQUIRE(mecha_clock_advance(opened.runtime, 25 * kSecond) == MECHA_OK);
      if (i == 0 || !is_wrong) {  // else it is lost by now
        CHECK(Comes([&] { return AskPlugin("bad_broker_renewals") > before; }));
      }
    }
    CHECK(subscriber.Reply(held.id) == (is_wrong ? MECHA_GONE : MECHA_OK));
    const auto warns = [&] { return opened.Warns("renew of the plug-in bad_broker failed"); };
    CHECK((is_wrong ? Comes(warns) : !warns()));
  }
}

TEST_CASE("the broker of the C example takes back what a frozen process had in hand") {
  BrokerRuntime opened(EXAMPLE_C_PUBSUB, "pubsub.example-c", {{"leaseTime", "20s"}});
  ServeSetup setup = conformance::Topic("orders");
  setup.reply_timeout_ns = 36'000 * kSecond;
  Subscriber subscriber(opened.runtime, setup);
  REQUIRE(opened.client.Publish("orders", "x").ok());
  const Request held = subscriber.Next();
  REQUIRE(held.data() == "x");
  REQUIRE(mecha_clock_advance(opened.runtime, 3600 * kSecond) == MECHA_OK);
  const Request again = subscriber.Next();
  CHECK(again.data() == "x");
  CHECK(again.only().attempt == 2);
  CHECK(subscriber.Reply(held.id) == MECHA_GONE);
  CHECK(subscriber.Reply(again.id) == MECHA_OK);
  CHECK(subscriber.IsQuiet());
}

}  // namespace
