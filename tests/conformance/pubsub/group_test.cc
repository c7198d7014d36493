// SPDX-License-Identifier: Apache-2.0
// Who gets a message: members of a group share, groups each get all. Many threads on both sides.
// Catch2 checks only on the main thread; workers count.
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "conformance/client/event_queue.h"
#include "conformance/pubsub/broker_world.h"
#include "support/catch.h"

namespace conformance {
namespace {

using std::chrono::milliseconds;

// What was accepted, by data, from whichever thread.
class Ledger {
 public:
  void Note(const std::string& data) {
    const std::lock_guard lock(mutex_);
    ++times_[data];
    ++count_;
  }
  size_t count() {
    const std::lock_guard lock(mutex_);
    return count_;
  }
  // How many were accepted more than once.
  long doubled() {
    const std::lock_guard lock(mutex_);
    return std::ranges::count_if(times_, [](const auto& entry) { return entry.second > 1; });
  }

 private:
  std::mutex mutex_;
  std::map<std::string, int> times_;
  size_t count_ = 0;
};

// A thread that accepts what its subscriber gets until the ledger holds `enough`.
std::thread Worker(Subscriber& subscriber, Ledger& ledger, size_t enough) {
  return std::thread([&subscriber, &ledger, enough] {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (ledger.count() < enough && std::chrono::steady_clock::now() < until) {
      for (const Request& request : subscriber.Take(1, milliseconds(20))) {
        if (subscriber.Reply(request.id) == MECHA_OK) {
          ledger.Note(request.data());
        }
      }
    }
  });
}

void JoinAll(std::vector<std::thread>& threads) {
  for (std::thread& thread : threads) {
    thread.join();
  }
}

TEST_CASE("8 threads publish, 4 consumers of one group handle every message once") {
  constexpr size_t kPublishers = 8;
  constexpr size_t kEach = 60;
  constexpr size_t kAll = kPublishers * kEach;
  const BrokerWorld world;
  std::vector<std::unique_ptr<Subscriber>> subscribers;
  for (int i = 0; i < 4; ++i) {
    ServeSetup setup = Topic("orders");
    setup.credit = 8;
    subscribers.push_back(std::make_unique<Subscriber>(world.runtime.get(), setup));
  }
  Ledger ledger;
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (const auto& subscriber : subscribers) {
    threads.push_back(Worker(*subscriber, ledger, kAll));
  }
  for (size_t publisher = 0; publisher < kPublishers; ++publisher) {
    threads.emplace_back([&, publisher] {
      for (size_t i = 0; i < kEach; ++i) {
        const std::string data = std::to_string(publisher) + "-" + std::to_string(i);
        refused += world.broker.Publish("orders", data).ok() ? 0 : 1;
      }
    });
  }
  JoinAll(threads);
  CHECK(refused == 0);
  CHECK(ledger.count() == kAll);
  CHECK(ledger.doubled() == 0);
  for (const auto& subscriber : subscribers) {
    CHECK(subscriber->IsQuiet());
  }
}

TEST_CASE("4 threads take batches from one queue, and every message comes to one of them once") {
  constexpr size_t kPublishers = 2;
  constexpr size_t kEach = 300;
  constexpr size_t kTogether = 20;
  const BrokerWorld world;
  ServeSetup setup = QuickTopic("orders");
  setup.flags = MECHA_SERVE_BATCH;
  setup.batch_max = 3;
  setup.batch_wait_ns = -1;
  setup.credit = 16;
  Subscriber subscriber(world.runtime.get(), setup);
  Ledger ledger;
  std::atomic<int> wrong = 0;
  std::atomic<bool> is_over = false;
  std::vector<std::thread> pollers;
  for (const size_t most : {1, 1, 4, 16}) {
    pollers.emplace_back([&, most] {
      while (!is_over) {
        for (const Request& request : subscriber.TakeTogether(most, milliseconds(20))) {
          wrong += subscriber.Reply(request.id) == MECHA_OK ? 0 : 1;
          for (const Entry& entry : request.entries) {
            ledger.Note(entry.data);
          }
        }
      }
    });
  }
  std::vector<std::thread> publishers;
  for (size_t publisher = 0; publisher < kPublishers; ++publisher) {
    publishers.emplace_back([&, publisher] {
      for (size_t i = 0; i < kEach; i += kTogether) {
        std::vector<Outgoing> messages;
        for (size_t j = i; j < i + kTogether; ++j) {
          messages.push_back(Text(std::to_string(publisher) + "-" + std::to_string(j)));
        }
        wrong += world.broker.PublishMany("orders", messages).ok() ? 0 : 1;
      }
    });
  }
  JoinAll(publishers);
  const auto until = std::chrono::steady_clock::now() + Subscriber::kPatience;
  while (ledger.count() < kPublishers * kEach && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(milliseconds(1));
  }
  is_over = true;
  JoinAll(pollers);
  CHECK(wrong == 0);
  CHECK(ledger.count() == kPublishers * kEach);
  CHECK(ledger.doubled() == 0);
  CHECK(subscriber.IsQuiet());
}

TEST_CASE("a registration that goes leaves its messages to the others of the group") {
  const BrokerWorld world;
  auto first = std::make_unique<Subscriber>(world.runtime.get(), QuickTopic("orders"));
  REQUIRE(world.broker.PublishAll("orders", {"a", "b", "c"}));
  const Request held = first->Next();
  REQUIRE(held.id != 0);
  Subscriber second(world.runtime.get(), QuickTopic("orders"));
  first.reset();  // waits for nobody
  std::map<std::string, int> seen;
  for (int i = 0; i < 3; ++i) {
    const Request request = second.Next();
    ++seen[request.data()];
    CHECK(second.Reply(request.id) == MECHA_OK);
  }
  CHECK(seen == std::map<std::string, int>{{"a", 1}, {"b", 1}, {"c", 1}});
  CHECK(second.Reply(held.id) == MECHA_GONE);
  CHECK(second.IsQuiet());
}

struct Replier {
  mecha_runtime* runtime = nullptr;
  std::atomic<int> handled = 0;
  std::atomic<int> retried = 0;

  static void Deliver(void* user, const mecha_event* events, size_t count) {
    auto& self = *static_cast<Replier*>(user);
    for (size_t i = 0; i < count; ++i) {
      mecha_request_info info{};
      info.struct_size = sizeof info;
      mecha_request_read(events[i].result, 0, &info);
      mecha_reply reply{};
      reply.struct_size = sizeof reply;
      reply.verdict =
          info.attempt == 1 && events[i].id % 7 == 0 ? MECHA_VERDICT_RETRY : MECHA_VERDICT_OK;
      if (mecha_request_reply(self.runtime, events[i].id, &reply) == MECHA_OK) {
        ++(reply.verdict == MECHA_VERDICT_OK ? self.handled : self.retried);
      }
      mecha_result_release(events[i].result);
    }
  }
};

TEST_CASE("a callback queue handles messages where it stands") {
  const BrokerWorld world;
  for (const uint32_t flags : {0u, uint32_t{MECHA_QUEUE_BLOCKING}}) {
    Replier replier;
    replier.runtime = world.runtime.get();
    mecha_queue_options options{};
    options.struct_size = sizeof options;
    options.flags = flags;
    options.deliver = &Replier::Deliver;
    options.user = &replier;
    mecha_queue* queue = nullptr;
    REQUIRE(mecha_queue_open(world.runtime.get(), &options, &queue) == MECHA_OK);
    mecha_registration* registration = nullptr;
    REQUIRE(Serve(world.runtime.get(), nullptr, queue, QuickTopic("orders"), &registration).ok());
    for (int i = 0; i < 200; ++i) {
      REQUIRE(world.broker.Publish("orders", std::to_string(i)).ok());
    }
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (replier.handled < 200 && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(milliseconds(2));
    }
    CHECK(replier.handled == 200);
    mecha_registration_free(registration);
    mecha_queue_free(queue);
  }
}

TEST_CASE("serving through a queue reports when it is live") {
  const BrokerWorld world;
  EventQueue calls(world.runtime.get());
  mecha_queue* queue = nullptr;
  REQUIRE(mecha_queue_open(world.runtime.get(), nullptr, &queue) == MECHA_OK);
  mecha_registration* registration = nullptr;
  const mecha_call call = calls.Call(11);
  REQUIRE(Serve(world.runtime.get(), &call, queue, Topic("orders"), &registration).status ==
          MECHA_PENDING);
  REQUIRE((registration != nullptr));
  const std::vector<Event> events = calls.Collect(1);
  REQUIRE(events.size() == 1);
  CHECK(events[0].token == 11);
  CHECK(events[0].status == MECHA_OK);
  REQUIRE(world.broker.Publish("orders", "x").ok());
  mecha_event event{};
  REQUIRE(mecha_queue_wait(queue, &event, 1, 15 * Subscriber::kSecond) == 1);
  CHECK(event.kind == MECHA_EVENT_REQUEST);
  CHECK(mecha_request_reply(world.runtime.get(), event.id, nullptr) == MECHA_OK);
  mecha_result_release(event.result);
  mecha_registration_free(registration);
  mecha_queue_free(queue);
}

#define RETURN_UNLESS_SHARED()                    \
  if (!kHarness.is_shared) {                      \
    SUCCEED("the broker belongs to one runtime"); \
    return;                                       \
  }                                               \
  static_assert(true)

TEST_CASE("two runtimes of one app id share the messages") {
  RETURN_UNLESS_SHARED();
  constexpr size_t kAll = 100;
  const BackEnd back_end;
  const BrokerRuntime one(back_end);
  const BrokerRuntime two(back_end);
  ServeSetup setup = Topic("orders");
  setup.credit = 4;
  Subscriber first(one.get(), setup);
  Subscriber second(two.get(), setup);
  Ledger ledger;
  std::vector<std::thread> threads;
  threads.push_back(Worker(first, ledger, kAll));
  threads.push_back(Worker(second, ledger, kAll));
  int refused = 0;
  for (size_t i = 0; i < kAll; ++i) {
    refused += (i % 2 == 0 ? one : two).client().Publish("orders", std::to_string(i)).ok() ? 0 : 1;
  }
  JoinAll(threads);
  CHECK(refused == 0);
  CHECK(ledger.count() == kAll);
  CHECK(ledger.doubled() == 0);
}

TEST_CASE("runtimes of two app ids get every message each") {
  RETURN_UNLESS_SHARED();
  const BackEnd back_end;
  const BrokerRuntime one(back_end, BrokerSetup("billing"));
  const BrokerRuntime two(back_end, BrokerSetup("shipping"));
  Subscriber first(one.get(), Topic("orders"));
  Subscriber second(two.get(), Topic("orders"));
  REQUIRE(one.client().PublishAll("orders", {"a", "b"}));
  REQUIRE(two.client().Publish("orders", "c").ok());
  const std::string billed = first.Handle(3);
  const std::string shipped = second.Handle(3);
  if (one.Has("order")) {
    CHECK(billed == "a b c");
    CHECK(shipped == "a b c");
  }
  CHECK(billed.size() == 5);
  CHECK(shipped.size() == 5);
  CHECK(first.IsQuiet());
  CHECK(second.IsQuiet());
}

TEST_CASE("a consumerID of its own makes a group of its own") {
  RETURN_UNLESS_SHARED();
  const BackEnd back_end;
  RuntimeSetup setup = BrokerSetup();
  const BrokerRuntime one(back_end, setup);
  setup.metadata = {{"consumerID", "others"}};
  const BrokerRuntime two(back_end, setup);
  Subscriber first(one.get(), Topic("orders"));
  Subscriber second(two.get(), Topic("orders"));
  REQUIRE(one.client().Publish("orders", "a").ok());
  CHECK(first.Handle(1) == "a");
  CHECK(second.Handle(1) == "a");
}

TEST_CASE("what a runtime that ends had in its handlers goes to another one") {
  RETURN_UNLESS_SHARED();
  const BackEnd back_end;
  BrokerRuntime one(back_end);
  const BrokerRuntime two(back_end);
  Subscriber first(one.get(), QuickTopic("orders"));
  REQUIRE(two.client().Publish("orders", "x").ok());
  const Request held = first.Next();
  REQUIRE(held.data() == "x");
  Subscriber second(two.get(), QuickTopic("orders"));
  CHECK(second.IsQuiet());
  CHECK(mecha_runtime_shutdown(one.get(), 0, nullptr) == MECHA_DEADLINE_EXCEEDED);
  CHECK(first.Reply(held.id) == MECHA_GONE);
  const Request taken = second.Next();
  CHECK(taken.data() == "x");
  if (two.Has("attempts")) {
    CHECK(taken.only().attempt >= 2);
  }
  CHECK(second.Reply(taken.id) == MECHA_OK);
  CHECK(second.IsQuiet());
}

}  // namespace
}  // namespace conformance
