// SPDX-License-Identifier: Apache-2.0
// The two dispatchers, dispatcher.hpp and dispatcher.h, over the broker in memory.
#include <mecha/dispatcher.h>

#include <condition_variable>
#include <mecha/dispatcher.hpp>
#include <set>
#include <stdexcept>

#include "stores.h"

namespace {

using std::chrono::milliseconds;

// What the handlers saw. Their threads do not check; the test's does.
class Seen {
 public:
  void Add(std::string_view text) {
    const std::lock_guard<std::mutex> lock(mutex_);
    texts_.insert(std::string(text));
    changed_.notify_all();
  }
  std::multiset<std::string> Await(std::size_t count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return texts_.size() >= count; });
    return texts_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::multiset<std::string> texts_;
};

// What the C handlers are given.
struct CHandlers {
  mecha_runtime* runtime = nullptr;
  mecha_dispatcher* dispatcher = nullptr;
  std::vector<std::string> bodies;
  std::vector<mecha_event> kept;
  int completions = 0;
};

std::string BodyOf(const mecha_event& event) {
  mecha_item item{};
  item.struct_size = sizeof item;
  mecha_result_item(event.result, 0, &item);
  return std::string(mecha::ToText(item.value));
}

std::uint32_t HandleInC(void* user, const mecha_event* request) {
  auto& handlers = *static_cast<CHandlers*>(user);
  handlers.bodies.push_back(BodyOf(*request));
  if (handlers.bodies.back() == "keep") {
    handlers.kept.push_back(*request);
    return MECHA_HANDLER_KEEPS;
  }
  if (handlers.bodies.back() == "stop") {
    mecha_dispatcher_stop(handlers.dispatcher);
  }
  return handlers.bodies.back() == "odd" ? 77 : MECHA_VERDICT_OK;
}

void CountCompletion(void* user, const mecha_event* event) {
  ++static_cast<CHandlers*>(user)->completions;
  mecha_result_release(event->result);
}

}  // namespace

TEST_CASE("threads of a dispatcher handle every message once") {
  const mecha::Runtime runtime = StartedBroker();
  Seen seen;
  mecha::Dispatcher dispatcher(runtime, OpenedQueue(runtime));
  const auto orders = dispatcher.Serve(Orders(), [&](mecha::Request& request) {
    seen.Add(request.body());
    return mecha::Verdict::kOk;
  });
  REQUIRE(orders.ok());
  const auto bills = dispatcher.Serve(mecha::ServeOptions::Topics("messages", {"bills"}),
                                      [&](mecha::Request& request) {
                                        seen.Add("bill " + std::string(request.body()));
                                        return mecha::Verdict::kOk;
                                      });
  REQUIRE(bills.ok());
  dispatcher.Start(4);
  std::multiset<std::string> expected{"bill x"};
  for (int i = 0; i < 100; ++i) {
    expected.insert(std::to_string(i));
    Publish(runtime, std::to_string(i));
  }
  REQUIRE(runtime.pubsub("messages").Publish("bills", mecha::Message::Of("x")).ok());
  CHECK(seen.Await(expected.size()) == expected);
  CHECK(dispatcher.End(*orders).ok());
  CHECK(dispatcher.End(*orders).status() == mecha::Status::kNotFound);
  CHECK(dispatcher.SetCredit(*orders, 1) == mecha::Status::kNotFound);
  CHECK(dispatcher.SetCredit(*bills, 1) == mecha::Status::kOk);
  CHECK(seen.Await(0) == expected);
}

TEST_CASE("a handler that throws has answered RETRY") {
  const mecha::Runtime runtime = StartedBroker();
  Seen seen;
  mecha::Dispatcher dispatcher(runtime, OpenedQueue(runtime));
  const auto served = dispatcher.Serve(
      mecha::ServeOptions::Spec("pubsubname: messages\ntopic: orders\nroutes: {default: /o}\n"
                                "metadata: {redeliveryInterval: 1ms}\n"),
      [&](mecha::Request& request) -> mecha::Verdict {
        seen.Add(std::to_string(request.info().attempt));
        if (request.info().attempt == 1) {
          throw std::runtime_error("no");
        }
        return mecha::Verdict::kOk;
      });
  REQUIRE(served.ok());
  dispatcher.Start(1);
  Publish(runtime, "a");
  CHECK(seen.Await(2) == std::multiset<std::string>{"1", "2"});
}

TEST_CASE("a handler answers entry by entry, or later, or not at all what it did not get") {
  const mecha::Runtime runtime = StartedBroker();
  mecha::Request later;
  int completions = 0;
  mecha::Dispatcher dispatcher(runtime, OpenedQueue(runtime), [&](mecha::Event) { ++completions; });
  const auto refused = dispatcher.Serve(mecha::ServeOptions::Topics("nowhere", {"orders"}),
                                        [](mecha::Request&) { return mecha::Verdict::kOk; });
  CHECK(refused.status() == mecha::Status::kNotFound);
  REQUIRE(dispatcher
              .Serve(Orders(),
                     [&](mecha::Request& request) {
                       if (request.body() == "stop") {
                         dispatcher.Stop();
                         request.ReplyEach({{0, mecha::Verdict::kDrop}});
                       } else {
                         later = std::move(request);
                       }
                       return mecha::Verdict::kRetry;  // does not count in either case
                     })
              .ok());
  const mecha::State orders = runtime.state("orders");
  REQUIRE(orders.GetAsync(dispatcher.queue(), 1, "k").pending());
  Publish(runtime, "later");
  Publish(runtime, "stop");
  CHECK(dispatcher.Run() == mecha::Status::kOk);
  CHECK(dispatcher.Run() == mecha::Status::kOk);  // stopped is stopped
  CHECK(completions == 1);
  REQUIRE(later);
  CHECK(later.Reply(mecha::Verdict::kOk) == mecha::Status::kOk);
}

TEST_CASE("the dispatcher in C finds the handler of a token") {
  const mecha::Runtime runtime = StartedBroker();
  mecha::Queue queue = OpenedQueue(runtime);
  CHandlers handlers;
  mecha_dispatcher dispatcher;
  mecha_dispatcher_entry table[2];
  mecha_dispatcher_init(&dispatcher, runtime.get(), queue.get(), table, 2);
  handlers.runtime = runtime.get();
  handlers.dispatcher = &dispatcher;
  CHECK(mecha_dispatcher_add(&dispatcher, 1, nullptr, nullptr) == MECHA_INVALID_ARGUMENT);
  CHECK(mecha_dispatcher_add(&dispatcher, 1, HandleInC, &handlers) == MECHA_OK);
  CHECK(mecha_dispatcher_add(&dispatcher, 1, HandleInC, &handlers) == MECHA_ALREADY_EXISTS);
  CHECK(mecha_dispatcher_add(&dispatcher, 2, HandleInC, &handlers) == MECHA_OK);
  CHECK(mecha_dispatcher_add(&dispatcher, 3, HandleInC, &handlers) == MECHA_RESOURCE_EXHAUSTED);
  mecha::ServeOptions options = Orders();
  options.token = 2;
  const mecha::Registration registration = Served(runtime, queue, options);

  CHECK(mecha_dispatcher_run_one(&dispatcher, 0) == 0);
  for (const char* body : {"a", "keep", "odd", "stop"}) {
    Publish(runtime, body);
  }
  const mecha::State orders = runtime.state("orders");
  dispatcher.on_event = CountCompletion;
  dispatcher.on_event_user = &handlers;
  REQUIRE(orders.GetAsync(queue, 2, "k").pending());
  CHECK(mecha_dispatcher_loop(&dispatcher) == MECHA_OK);
  CHECK(handlers.bodies == std::vector<std::string>{"a", "keep", "odd", "stop"});
  while (handlers.completions == 0) {
    REQUIRE(mecha_dispatcher_run_one(&dispatcher, -1) >= 0);
  }
  REQUIRE(handlers.kept.size() == 1);
  CHECK(mecha_request_cancelled(runtime.get(), handlers.kept[0].id) == MECHA_OK);
  CHECK(mecha_reply_verdict(runtime.get(), handlers.kept[0].id, MECHA_VERDICT_OK, 0) == MECHA_OK);
  mecha_result_release(handlers.kept[0].result);
  CHECK(queue.Close() == mecha::Status::kOk);
  CHECK(mecha_dispatcher_loop(&dispatcher) == MECHA_OK);  // it was stopped
  CHECK(mecha_dispatcher_run_one(&dispatcher, -1) == MECHA_CLOSED);
}

TEST_CASE("a request without a handler in the table comes again") {
  const mecha::Runtime runtime = StartedBroker();
  mecha::Queue queue = OpenedQueue(runtime);
  mecha_dispatcher dispatcher;
  mecha_dispatcher_init(&dispatcher, runtime.get(), queue.get(), nullptr, 0);
  const mecha::Registration registration = Served(
      runtime, queue,
      mecha::ServeOptions::Spec("pubsubname: messages\ntopic: orders\nroutes: {default: /o}\n"
                                "metadata: {redeliveryInterval: 1ms}\n"));
  Publish(runtime, "a");
  REQUIRE(mecha_dispatcher_run_one(&dispatcher, -1) == 1);
  mecha::Request request = NextRequest(runtime, queue);
  CHECK(request.info().attempt == 2);
  CHECK(request.Reply(mecha::Verdict::kOk, milliseconds(0)) == mecha::Status::kOk);
}
