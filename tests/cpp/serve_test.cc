// SPDX-License-Identifier: Apache-2.0
// Serve, Registration and Request over the broker in memory.
#include <condition_variable>
#include <mutex>
#include <thread>

#include "stores.h"

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Nothing waits just now.
bool IsEmpty(mecha::Queue& queue) {
  mecha::Event event;
  const mecha::Result<std::size_t> count = queue.Poll(&event, 1);
  return count.ok() && *count == 0;
}

}  // namespace

TEST_CASE("a request tells what it holds, and is answered once") {
  const mecha::Runtime runtime = StartedBroker();
  mecha::Queue queue = OpenedQueue(runtime);
  mecha::ServeOptions options = Orders();
  options.token = 42;
  mecha::Registration registration = Served(runtime, queue, options);
  mecha::Message message = mecha::Message::Json(R"({"n": 1})");
  message.id = "m-1";
  message.key = "k";
  const mecha::Entry subject{"cloudevent.subject", "s"};
  message.metadata = {&subject, 1};
  REQUIRE(runtime.pubsub("messages").Publish("orders", message).ok());

  mecha::Request request = NextRequest(runtime, queue);
  REQUIRE(request);
  CHECK(request.token() == 42);
  CHECK(request.size() == 1);
  CHECK(request.body() == R"({"n": 1})");
  CHECK(request.Find("cloudevent.subject") == "s");
  CHECK(request.Find("cloudevent.nothing") == std::nullopt);
  CHECK(request.Metadata(4711) == std::nullopt);
  const mecha::RequestInfo info = request.info();
  CHECK(info.component == "messages");
  CHECK(info.topic == "orders");
  CHECK(info.path == "orders");
  CHECK(info.message_id == "m-1");
  CHECK(info.ordering_key == "k");
  CHECK(info.content_type == "application/json");
  CHECK(info.subscription.empty());
  CHECK(info.attempt == 1);
  CHECK(info.remaining > seconds(1));
  CHECK_FALSE((info.is_redelivered || info.is_batch || info.is_raw || info.is_last_attempt));
  CHECK(request.info(1).attempt == 0);
  CHECK(request.Check() == mecha::Status::kOk);
  CHECK(request.Extend(seconds(100)) == mecha::Status::kOk);
  CHECK_FALSE(request.is_answered());
  CHECK(request.Reply(mecha::Verdict::kOk) == mecha::Status::kOk);
  CHECK(request.is_answered());
  CHECK(request.Reply(mecha::Verdict::kRetry) == mecha::Status::kGone);
  CHECK(request.Check() == mecha::Status::kGone);
  CHECK(request.Extend(seconds(1)) == mecha::Status::kGone);
  CHECK(request.body() == R"({"n": 1})");  // it is read as long as the object lives
  const auto report = registration.Stop();
  REQUIRE(report.ok());
  CHECK(report->bytes().find("finished") != std::string_view::npos);
  CHECK(registration.SetCredit(1) == mecha::Status::kClosed);
  CHECK(registration.Stop().status() == mecha::Status::kClosed);
}

TEST_CASE("a request that nobody answers comes again, and goes to the dead letters in the end") {
  const mecha::Runtime runtime = StartedBroker();
  mecha::Queue queue = OpenedQueue(runtime);
  const mecha::Registration orders = Served(
      runtime, queue,
      mecha::ServeOptions::Spec("pubsubname: messages\ntopic: orders\nroutes: {default: /orders}\n"
                                "deadLetterTopic: dead\nmetadata: {redeliveryAttempts: '3', "
                                "redeliveryInterval: 1ms}\n"));
  mecha::ServeOptions of_dead = mecha::ServeOptions::Topics("messages", {"dead"});
  of_dead.token = 2;
  const mecha::Registration dead = Served(runtime, queue, of_dead);
  Publish(runtime, "bad");
  for (std::uint32_t attempt = 1; attempt <= 3; ++attempt) {
    mecha::Request request = NextRequest(runtime, queue);
    REQUIRE(request);
    CHECK(request.token() == 0);
    CHECK(request.info().path == "/orders");
    CHECK(request.info().attempt == attempt);
    CHECK(request.info().is_redelivered == (attempt > 1));
    CHECK(request.info().is_last_attempt == (attempt == 3));
    if (attempt == 2) {
      CHECK(request.Reply(mecha::Verdict::kRetry, milliseconds(2)) == mecha::Status::kOk);
    }
  }
  mecha::Request last = NextRequest(runtime, queue);
  CHECK(last.token() == 2);
  CHECK(last.body() == "bad");
  CHECK(last.Reply(mecha::Verdict::kOk) == mecha::Status::kOk);
}

TEST_CASE("a moved request is answered by its new owner") {
  const mecha::Runtime runtime = StartedBroker();
  mecha::Queue queue = OpenedQueue(runtime);
  const mecha::Registration registration = Served(runtime, queue, Orders());
  Publish(runtime, "a");
  Publish(runtime, "b");
  mecha::Request first = NextRequest(runtime, queue);
  mecha::Request owner(std::move(first));
  CHECK_FALSE(first);  // NOLINT(bugprone-use-after-move)
  CHECK(owner.body() == "a");
  first = NextRequest(runtime, queue);
  CHECK(owner.Reply(mecha::Verdict::kDrop) == mecha::Status::kOk);
  owner = std::move(first);
  CHECK(owner.body() == "b");
  CHECK(owner.Reply(mecha::Verdict::kOk) == mecha::Status::kOk);
  CHECK_FALSE(mecha::Request(runtime, mecha::Event()));
}

TEST_CASE("credit says how many requests are open, and 0 pauses") {
  const mecha::Runtime runtime = StartedBroker();
  mecha::Queue queue = OpenedQueue(runtime);
  mecha::ServeOptions options = Orders();
  options.is_paused = true;
  mecha::Registration registration = Served(runtime, queue, options);
  Publish(runtime, "a");
  Publish(runtime, "b");
  CHECK(IsEmpty(queue));
  REQUIRE(registration.SetCredit(1) == mecha::Status::kOk);
  mecha::Request first = NextRequest(runtime, queue);
  CHECK(first.body() == "a");
  CHECK(IsEmpty(queue));
  REQUIRE(registration.SetCredit(0) == mecha::Status::kOk);
  CHECK(first.Reply(mecha::Verdict::kOk) == mecha::Status::kOk);  // what is open stays open
  CHECK(IsEmpty(queue));
  REQUIRE(registration.SetCredit(5) == mecha::Status::kOk);
  mecha::Request second = NextRequest(runtime, queue);
  CHECK(second.body() == "b");
  CHECK(second.Reply(mecha::Verdict::kOk) == mecha::Status::kOk);
}

TEST_CASE("messages of one key are handled one after the other, those of others beside them") {
  const mecha::Runtime runtime = StartedBroker();
  mecha::Queue queue = OpenedQueue(runtime);
  mecha::ServeOptions options = Orders();
  options.ordering = mecha::Ordering::kPerKey;
  const mecha::Registration registration = Served(runtime, queue, options);
  Publish(runtime, "a1", "a");
  Publish(runtime, "a2", "a");
  Publish(runtime, "b1", "b");
  mecha::Request first = NextRequest(runtime, queue);
  mecha::Request other = NextRequest(runtime, queue);
  CHECK(first.body() == "a1");
  CHECK(other.body() == "b1");
  CHECK(IsEmpty(queue));
  CHECK(first.Reply(mecha::Verdict::kRetry, milliseconds(1)) == mecha::Status::kOk);
  mecha::Request again = NextRequest(runtime, queue);
  CHECK(again.body() == "a1");  // before those behind it
  CHECK(again.info().attempt == 2);
  CHECK(again.Reply(mecha::Verdict::kOk) == mecha::Status::kOk);
  mecha::Request second = NextRequest(runtime, queue);
  CHECK(second.body() == "a2");
  CHECK(second.Reply(mecha::Verdict::kOk) == mecha::Status::kOk);
  CHECK(other.Reply(mecha::Verdict::kOk) == mecha::Status::kOk);
}

TEST_CASE("a batch is answered entry by entry") {
  const mecha::Runtime runtime = StartedBroker();
  mecha::Queue queue = OpenedQueue(runtime);
  mecha::ServeOptions options = Orders();
  options.is_batch = true;
  options.batch_max = 3;
  options.batch_wait = seconds(20);
  const mecha::Registration registration = Served(runtime, queue, options);
  for (const char* data : {"a", "b", "c"}) {
    Publish(runtime, data);
  }
  mecha::Request batch = NextRequest(runtime, queue);
  REQUIRE(batch.size() == 3);
  CHECK(batch.info(2).is_batch);
  CHECK(batch.body(1) == "b");
  CHECK(batch.Find("cloudevent.id", 1) == batch.info(1).message_id);
  CHECK(batch.ReplyEach({{3, mecha::Verdict::kOk}}) == mecha::Status::kInvalidArgument);
  CHECK_FALSE(batch.is_answered());
  CHECK(batch.ReplyEach({{0, mecha::Verdict::kOk},
                         {1, mecha::Verdict::kRetry, milliseconds(1)},
                         {2, mecha::Verdict::kDrop}}) == mecha::Status::kOk);
  Publish(runtime, "d");
  Publish(runtime, "e");
  mecha::Request next = NextRequest(runtime, queue);
  REQUIRE(next.size() == 3);  // b once more, and the new ones
  std::string bodies;
  for (std::size_t i = 0; i < next.size(); ++i) {
    bodies += next.body(i);
    CHECK(next.info(i).is_redelivered == (next.body(i) == "b"));
  }
  CHECK(bodies.find('b') != std::string::npos);
  CHECK(next.Reply(mecha::Verdict::kOk) == mecha::Status::kOk);
}

TEST_CASE("calls within a request run during a drain, and end with the request") {
  mecha::Runtime runtime = StartedBroker();
  mecha::Queue queue = OpenedQueue(runtime);
  const mecha::Registration registration = Served(runtime, queue, Orders());
  const mecha::State orders = runtime.state("orders");
  Publish(runtime, "a");
  mecha::Request request = NextRequest(runtime, queue);
  mecha::Status suspended = mecha::Status::kPending;
  std::thread drain([&] { suspended = runtime.Suspend(seconds(20)).status(); });
  for (mecha::Status status = mecha::Status::kOk; status != mecha::Status::kSuspended;) {
    status = orders.Get("k").status();  // calls on their own are refused once the drain has begun
  }
  CHECK(orders.Set("k", "v", {}, request.Within()).ok());
  CHECK(request.Reply(mecha::Verdict::kOk) == mecha::Status::kOk);
  drain.join();
  CHECK(suspended == mecha::Status::kOk);
  REQUIRE(runtime.Resume().ok());
  CHECK(orders.Get("k").value().bytes() == "v");
  CHECK(orders.Set("k", "w", {}, request.Within()).status() == mecha::Status::kGone);
  Publish(runtime, "b");  // it goes on after the suspension
  CHECK(NextRequest(runtime, queue).Reply(mecha::Verdict::kOk) == mecha::Status::kOk);
}

TEST_CASE("a call within a request ends with the request's time, or when it is taken back") {
  const mecha::Runtime runtime = StartedBroker();
  mecha::Queue queue = OpenedQueue(runtime);
  mecha::ServeOptions brief = Orders();
  brief.reply_timeout = milliseconds(100);
  mecha::Registration registration = Served(runtime, queue, brief);
  mecha::Registration lasting =
      Served(runtime, queue, mecha::ServeOptions::Topics("messages", {"lasting"}));
  mecha::Registration other =
      Served(runtime, queue, mecha::ServeOptions::Topics("messages", {"bills"}));
  const mecha::PubSub messages = runtime.pubsub("messages");
  REQUIRE(messages.Publish("bills", mecha::Message::Of("open")).ok());
  mecha::Request open = NextRequest(runtime, queue);
  // Ending `other` waits for the open request, so only its own request can end such a call.
  Publish(runtime, "brief");
  mecha::Request late = NextRequest(runtime, queue);
  CHECK(other.Stop(late.Within()).status() == mecha::Status::kCancelled);
  CHECK(late.Reply(mecha::Verdict::kOk) == mecha::Status::kGone);

  mecha::Registration another =
      Served(runtime, queue, mecha::ServeOptions::Topics("messages", {"letters"}));
  REQUIRE(messages.Publish("letters", mecha::Message::Of("open")).ok());
  mecha::Request letter = NextRequest(runtime, queue);
  REQUIRE(messages.Publish("lasting", mecha::Message::Of("taken back")).ok());
  mecha::Request taken = NextRequest(runtime, queue);
  std::thread stopper([&] {
    mecha::CallOptions call;
    call.timeout = milliseconds(100);
    (void)lasting.Stop(call);
  });
  CHECK(another.Stop(taken.Within()).status() == mecha::Status::kCancelled);
  stopper.join();
  CHECK(taken.Reply(mecha::Verdict::kOk) == mecha::Status::kGone);
}

TEST_CASE("what is published within a request carries its trace on") {
  const mecha::Runtime runtime = StartedBroker();
  mecha::Queue queue = OpenedQueue(runtime);
  const mecha::Registration registration =
      Served(runtime, queue, mecha::ServeOptions::Topics("messages", {"orders", "bills"}));
  const mecha::PubSub messages = runtime.pubsub("messages");
  const std::string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  mecha::CallOptions traced;
  traced.traceparent = trace;
  traced.tracestate = "a=b";
  REQUIRE(messages.Publish("orders", mecha::Message::Of("x"), traced).ok());
  mecha::Request order = NextRequest(runtime, queue);
  REQUIRE(messages.Publish("bills", mecha::Message::Of("y"), order.Within()).ok());
  mecha::Request bill = NextRequest(runtime, queue);
  CHECK(bill.info().traceparent == trace);
  CHECK(bill.info().tracestate == "a=b");
  const std::string own = "00-11111111111111111111111111111111-2222222222222222-01";
  mecha::CallOptions call;
  call.traceparent = own;
  mecha::CallOptions borrowing = order.Within(call);
  borrowing.borrows_inputs = true;
  mecha::Event event = messages.PublishAsync(queue, 7, "bills", mecha::Message::Of("z"), borrowing);
  CHECK(event.pending());
  for (int i = 0; i < 2; ++i) {  // the completion and the message, in any order
    auto next = queue.Next(seconds(10));
    REQUIRE(next.ok());
    mecha::Request request(runtime, std::move(*next));
    if (request) {
      CHECK(request.info().traceparent == own);
      CHECK(request.Reply(mecha::Verdict::kOk) == mecha::Status::kOk);
    }
  }
  CHECK(bill.Reply(mecha::Verdict::kOk) == mecha::Status::kOk);
  CHECK(order.Reply(mecha::Verdict::kOk) == mecha::Status::kOk);
}

TEST_CASE("a suspension waits for the handlers of a registration that is being stopped") {
  mecha::Runtime runtime = StartedBroker();
  mecha::Queue queue = OpenedQueue(runtime);
  mecha::Registration registration = Served(runtime, queue, Orders());
  Publish(runtime, "a");
  mecha::Request request = NextRequest(runtime, queue);
  mecha::Status stopped = mecha::Status::kPending;
  std::thread stopper([&] { stopped = registration.Stop().status(); });
  while (registration.SetCredit(5) == mecha::Status::kOk) {  // until the stop has begun
    std::this_thread::yield();
  }
  mecha::Status suspended = mecha::Status::kPending;
  std::thread drain([&] { suspended = runtime.Suspend(seconds(20)).status(); });
  while (runtime.state("orders").Get("k").status() != mecha::Status::kSuspended) {
    std::this_thread::yield();
  }
  CHECK(request.Check() == mecha::Status::kOk);
  CHECK(request.Reply(mecha::Verdict::kOk) == mecha::Status::kOk);
  drain.join();
  stopper.join();
  CHECK(suspended == mecha::Status::kOk);
  CHECK(stopped == mecha::Status::kOk);
}

TEST_CASE("a stop whose time is over takes the open request back") {
  const mecha::Runtime runtime = StartedBroker();
  mecha::Queue queue = OpenedQueue(runtime);
  mecha::Registration registration = Served(runtime, queue, Orders());
  Publish(runtime, "a");
  mecha::Request request = NextRequest(runtime, queue);
  mecha::CallOptions call;
  call.timeout = milliseconds(1);
  const auto stopped = registration.Stop(call);
  REQUIRE_FALSE(stopped.ok());
  CHECK(stopped.status() == mecha::Status::kDeadlineExceeded);
  CHECK(request.Check() == mecha::Status::kCancelled);
  CHECK(request.Reply(mecha::Verdict::kOk) == mecha::Status::kGone);
}

TEST_CASE("serving and stopping report to a queue, and mistakes are errors with words") {
  const mecha::Runtime runtime = StartedBroker();
  mecha::Queue queue = OpenedQueue(runtime);
  mecha::Registration registration;
  CHECK_FALSE(registration);
  REQUIRE(registration.ServeAsync(runtime, queue, Orders(), 7).pending());
  REQUIRE(registration);
  auto live = queue.Next(seconds(20));
  REQUIRE(live.ok());
  CHECK(live->token() == 7);
  CHECK(live->status() == mecha::Status::kOk);
  REQUIRE(registration.StopAsync(queue, 8).pending());
  auto stopped = queue.Next(seconds(20));
  REQUIRE(stopped.ok());
  CHECK(stopped->token() == 8);
  CHECK(stopped->Take<mecha::Value>().ok());

  const auto unknown =
      mecha::Serve(runtime, queue, mecha::ServeOptions::Topics("nowhere", {"orders"}));
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.status() == mecha::Status::kNotFound);
  CHECK(unknown.error().message().find("messages") != std::string_view::npos);
  const auto none = mecha::Serve(runtime, queue, mecha::ServeOptions::Paths({}));
  REQUIRE_FALSE(none.ok());
  CHECK(none.error().message().find("path") != std::string_view::npos);
}

TEST_CASE("paths serve a subscription that the resources declare") {
  const mecha::Runtime runtime = StartedBroker(
      "apiVersion: dapr.io/v2alpha1\nkind: Subscription\nmetadata: {name: all-orders}\nspec:\n"
      "  pubsubname: messages\n  topic: orders\n  routes: {default: /orders/new}\n");
  mecha::Queue queue = OpenedQueue(runtime);
  const mecha::Registration registration =
      Served(runtime, queue, mecha::ServeOptions::Paths({"/orders/*"}));
  Publish(runtime, "a");
  mecha::Request request = NextRequest(runtime, queue);
  CHECK(request.info().path == "/orders/new");
  CHECK(request.info().subscription == "all-orders");
  CHECK(request.Reply(mecha::Verdict::kOk) == mecha::Status::kOk);
  const auto twice = mecha::Serve(runtime, queue, mecha::ServeOptions::Paths({"/orders/*"}));
  CHECK(twice.status() == mecha::Status::kAlreadyExists);
}

TEST_CASE("subscriptions come and go while the runtime runs") {
  mecha::Runtime runtime = StartedBroker();
  mecha::Queue queue = OpenedQueue(runtime);
  const mecha::Registration registration =
      Served(runtime, queue, mecha::ServeOptions::Paths({"/orders"}));
  const mecha::Result<void> applied = runtime.ApplyResources(
      "apiVersion: dapr.io/v2alpha1\nkind: Subscription\nmetadata: {name: late}\nspec:\n"
      "  pubsubname: messages\n  topic: orders\n  routes: {default: /orders}\n");
  REQUIRE(applied.ok());
  Publish(runtime, "a");
  mecha::Request request = NextRequest(runtime, queue);
  CHECK(request.info().subscription == "late");
  CHECK(request.Reply(mecha::Verdict::kOk) == mecha::Status::kOk);
  CHECK(runtime.DeleteResource("Subscription", "late").ok());
  CHECK(runtime.DeleteResource("Subscription", "late").status() == mecha::Status::kNotFound);
  const mecha::Result<void> wrong = runtime.ApplyResources("kind: Component\n");
  REQUIRE_FALSE(wrong.ok());
  CHECK(wrong.error().message() != "");
  CHECK(mecha::Version() == MECHA_API_VERSION);
  CHECK(mecha::VersionText() == "0.1.0");
}

TEST_CASE("a callback queue that may block handles requests with blocking calls") {
  const mecha::Runtime runtime = StartedBroker();
  const mecha::State orders = runtime.state("orders");
  std::mutex mutex;
  std::condition_variable done;
  std::vector<mecha::Status> statuses;
  auto handler = [&](mecha::Event event) {
    mecha::Request request(runtime, std::move(event));
    const mecha::Status set = orders.Set(request.body(), "seen", {}, request.Within()).status();
    const mecha::Status replied = request.Reply(mecha::Verdict::kOk);
    const std::lock_guard<std::mutex> lock(mutex);
    statuses.insert(statuses.end(), {set, replied});
    done.notify_one();
  };
  mecha::QueueOptions options;
  options.may_block = true;
  auto queue = mecha::Queue::OpenCallback(runtime, handler, options);
  REQUIRE(queue.ok());
  mecha::Registration registration = Served(runtime, *queue, Orders());
  Publish(runtime, "a");
  Publish(runtime, "b");
  {
    std::unique_lock<std::mutex> lock(mutex);
    done.wait(lock, [&] { return statuses.size() == 4; });
  }
  CHECK(statuses == std::vector<mecha::Status>(4, mecha::Status::kOk));
  CHECK(registration.Stop().ok());
  CHECK(orders.Get("a").value().bytes() == "seen");
  CHECK(orders.Get("b").value().bytes() == "seen");
}
