// SPDX-License-Identifier: Apache-2.0
#include "operation/completion_queue.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <thread>
#include <vector>

#include "operation/plain_result.h"
#include "support/catch.h"
#include "support/fake_operation.h"

namespace mecha {
namespace {

using namespace std::chrono_literals;
using test::AwaitThat;
using test::FakeOperation;
using test::Moment;
using test::World;

void EndsNow(FakeOperation&, const FakeOperation::End& end) { end(OkStatus()); }

bool IsReadable(int fd) {
  pollfd polled{fd, POLLIN, 0};
  return poll(&polled, 1, 0) == 1;
}

struct QueueWorld {
  explicit QueueWorld(QueueOptions options = {}, const HostOptions& host = {})
      : world(host), queue(std::make_shared<CompletionQueue>(world.host, std::move(options))) {
    world.options.sink = queue;
  }
  // Reserves a place and submits; false when there was none.
  bool Submit(FakeOperation::Script script = EndsNow, Execution execution = Execution::kQuick) {
    if (!queue->Reserve().ok()) {
      return false;
    }
    world.Make(std::move(script), execution)->Submit();
    return true;
  }
  // How many came, each released; a negative number when closed.
  int Poll() {
    std::array<Result*, 16> taken{};
    return Count(queue->Poll(taken), taken);
  }
  int Wait(Duration timeout) {
    std::array<Result*, 16> taken{};
    return Count(queue->Wait(taken, timeout), taken);
  }
  static int Count(const StatusOr<size_t>& count, std::span<Result*> taken) {
    if (!count.ok()) {
      return -1;
    }
    for (Result* operation : taken.first(*count)) {
      operation->Release();
    }
    return static_cast<int>(*count);
  }
  World world;
  std::shared_ptr<CompletionQueue> queue;
};

TEST_CASE("events come in order, and the descriptor is readable if and only if some wait") {
  QueueWorld q;
  REQUIRE(q.Submit());  // before the descriptor is asked for
  const int fd = q.queue->Descriptor();
  REQUIRE(fd >= 0);
  CHECK(q.queue->Descriptor() == fd);
  CHECK(IsReadable(fd));
  REQUIRE(q.Submit());
  std::array<Result*, 1> one{};
  REQUIRE(*q.queue->Poll(one) == 1);
  one[0]->Release();
  CHECK(IsReadable(fd));
  CHECK(q.Poll() == 1);
  CHECK_FALSE(IsReadable(fd));
  CHECK(q.Poll() == 0);
  REQUIRE(q.Submit());
  CHECK(IsReadable(fd));
  q.queue->Close();
  CHECK_FALSE(IsReadable(fd));
}

TEST_CASE("a place is taken until its event is, and one more is BUSY") {
  QueueWorld q{{.most_inflight = 2}};
  REQUIRE(q.Submit());
  REQUIRE(q.queue->Reserve().ok());
  CHECK(HasCode(q.queue->Reserve(), StatusCode::kBusy));
  q.queue->Unreserve();
  REQUIRE(q.Submit());
  CHECK(HasCode(q.queue->Reserve(), StatusCode::kBusy));
  CHECK(q.Poll() == 2);
  CHECK(q.Submit());
  CHECK(q.Poll() == 1);
}

TEST_CASE("Wait returns with an event that another thread brings") {
  for (int round = 0; round < 200; ++round) {
    QueueWorld q;
    std::thread other([&] { q.Submit(); });
    CHECK(q.Wait(-1ns) == 1);
    other.join();
  }
}

TEST_CASE("Wait returns nothing at its time-out and for a wake, which waits for the next Wait") {
  QueueWorld q;
  CHECK(q.Wait(1ms) == 0);
  CHECK(q.queue->Wake());
  CHECK(q.Wait(-1ns) == 0);
  std::thread other([&] { q.queue->Wake(); });
  CHECK(q.Wait(-1ns) == 0);
  other.join();
  CHECK(q.queue->Wake());
  CHECK(q.Wait(0ns) == 0);  // consumes the wake, too
  std::thread bringer([&] { q.Submit(); });
  CHECK(q.Wait(-1ns) == 1);
  bringer.join();
}

TEST_CASE("Close wakes every waiter with CLOSED, drops events and refuses more") {
  QueueWorld q;
  std::atomic<int> closed{0};
  const auto wait = [&] { closed.fetch_add(q.Wait(-1ns)); };
  std::thread one(wait);
  std::thread two(wait);
  q.queue->Close();
  one.join();
  two.join();
  CHECK(closed.load() == -2);
  q.queue->Close();
  CHECK(q.Poll() == -1);
  CHECK_FALSE(q.queue->Wake());
  CHECK(HasCode(q.queue->Reserve(), StatusCode::kClosed));
}

TEST_CASE("what waits at Close and what still comes is freed by AwaitDropped") {
  QueueWorld q;
  FakeOperation::End end;
  REQUIRE(q.Submit());
  REQUIRE(q.Submit([&](FakeOperation&, const FakeOperation::End& given) { end = given; }));
  CHECK(q.world.alive.load() == 2);
  q.queue->Close();
  CHECK(q.world.alive.load() == 2);
  CHECK(q.Poll() == -1);
  q.queue->AwaitDropped(0ns);  // does not wait for the second
  CHECK(q.world.alive.load() == 1);
  std::thread ends_late([&] { end(OkStatus()); });
  q.queue->AwaitDropped(60s);
  ends_late.join();
  CHECK(q.world.alive.load() == 0);
}

TEST_CASE("after EndIntake what waits can be taken, and then every waiter gets CLOSED") {
  QueueWorld q;
  FakeOperation::End end;
  REQUIRE(q.Submit([&](FakeOperation&, const FakeOperation::End& given) { end = given; }));
  q.queue->EndIntake();
  CHECK(HasCode(q.queue->Reserve(), StatusCode::kClosed));
  CHECK(q.Poll() == 0);  // one is on its way
  CHECK_FALSE(q.queue->AwaitEmpty(0ns));
  // Both wait; one gets the event, and the other must not sleep for ever.
  std::atomic<int> events{0};
  std::atomic<int> closed{0};
  const auto wait = [&] {
    for (int got = 0; got >= 0;) {
      got = q.Wait(-1ns);
      (got > 0 ? events : closed).fetch_add(1);
    }
  };
  std::thread one(wait);
  std::thread two(wait);
  end(OkStatus());
  one.join();
  two.join();
  CHECK(events.load() == 1);
  CHECK(closed.load() == 2);
  CHECK(q.queue->AwaitEmpty(0ns));
}

TEST_CASE("notices take no place, and are dropped when no more operations come") {
  QueueWorld q{{.most_inflight = 1, .wants_logs = true}};
  REQUIRE(q.Submit());
  q.queue->DeliverNotice(PlainResult::OfText("orders", "slow"));
  CHECK(q.Poll() == 2);
  REQUIRE(q.Submit());
  CHECK(q.Poll() == 1);
  q.queue->EndIntake();
  q.queue->DeliverNotice(PlainResult::OfText("orders", "late"));
  CHECK(q.Poll() == -1);
}

TEST_CASE("inputs are released by the thread that polls") {
  QueueWorld q;
  struct Seen {
    std::atomic<int> count{0};
    pthread_t thread{};
  } seen;
  REQUIRE(q.queue->Reserve().ok());
  FakeOperation* operation = q.world.Make(EndsNow, Execution::kBlocking);
  operation->inputs().Keep({"x",
                            [](void* context) {
                              auto* told = static_cast<Seen*>(context);
                              told->thread = pthread_self();
                              told->count.fetch_add(1);
                            },
                            &seen},
                           true);
  operation->Submit();
  CHECK(q.Wait(-1ns) == 1);
  CHECK(seen.count.load() == 1);
  CHECK(pthread_equal(seen.thread, pthread_self()));
}

// Counts its events and whether two batches were ever under way at once.
struct Callback {
  std::atomic<int> events{0};
  std::atomic<int> inside{0};
  std::atomic<bool> were_two{false};
  std::function<void()> then;

  QueueOptions Options(bool may_block = false) {
    QueueOptions options;
    options.may_block = may_block;
    options.deliver = [this](std::span<Result* const> operations) {
      were_two.store(were_two.load() || inside.fetch_add(1) != 0);
      for (Result* operation : operations) {
        operation->Release();
        events.fetch_add(1);
        if (then) {
          then();
        }
      }
      inside.fetch_sub(1);
    };
    return options;
  }
};

TEST_CASE("a callback gets every event, never two at once, on a thread of the runtime") {
  Callback callback;
  const bool may_block = GENERATE(false, true);
  QueueWorld q{callback.Options(may_block)};
  CHECK(q.queue->Descriptor() == -1);
  std::atomic<int> refused{0};
  std::array<std::thread, 3> submitters;
  for (std::thread& submitter : submitters) {
    submitter = std::thread([&] {
      for (int i = 0; i < 500; ++i) {
        refused.fetch_add(q.queue->Reserve().ok() ? 0 : 1);
        (new FakeOperation(q.world.MakeTarget(), q.world.options, EndsNow, q.world.alive))
            ->Submit();
      }
    });
  }
  for (std::thread& submitter : submitters) {
    submitter.join();
  }
  CHECK(refused.load() == 0);
  CHECK(q.queue->AwaitEmpty(60s));
  CHECK(callback.events.load() == 1500);
  CHECK_FALSE(callback.were_two.load());
  CHECK(q.world.alive.load() == 0);
}

TEST_CASE("a callback that submits the next operation 100,000 times does not grow the stack") {
  constexpr int kItems = 100'000;
  Callback callback;
  std::atomic<uintptr_t> lowest{UINTPTR_MAX};
  std::atomic<uintptr_t> highest{0};
  QueueWorld q{callback.Options()};
  callback.then = [&] {
    const char here = 0;
    const auto address = reinterpret_cast<uintptr_t>(&here);
    lowest.store(std::min(lowest.load(), address));
    highest.store(std::max(highest.load(), address));
    if (callback.events.load() < kItems) {
      q.Submit();
    }
  };
  REQUIRE(q.Submit());
  CHECK(AwaitThat([&] { return callback.events.load() == kItems; }));
  CHECK(highest.load() - lowest.load() < 4096);
  CHECK(q.queue->AwaitEmpty(60s));
}

TEST_CASE("a callback that always has work lets timers run") {
  Callback callback;
  QueueWorld q{callback.Options()};
  Moment timer_ran;
  callback.then = [&] {
    if (timer_ran.count() == 0) {
      q.Submit();
    }
  };
  q.world.host->RunAfter(1ms, [&] { timer_ran.Come(); });
  REQUIRE(q.Submit());
  CHECK(timer_ran.Await());
  CHECK(q.queue->AwaitEmpty(60s));
}

TEST_CASE("after Close and AwaitDropped no callback runs any more") {
  Callback callback;
  Moment inside;
  Moment go;
  QueueWorld q{callback.Options()};
  callback.then = [&] {
    inside.Come();
    go.Await();
  };
  REQUIRE(q.Submit());
  REQUIRE(inside.Await());
  REQUIRE(q.Submit());  // waits behind the first
  q.queue->Close();
  std::thread opener([&] { go.Come(); });
  q.queue->AwaitDropped(60s);
  CHECK(callback.inside.load() == 0);
  opener.join();
  q.world.host->loop().Finish();
  CHECK(callback.events.load() == 1);
  CHECK(q.world.alive.load() == 0);
}

TEST_CASE("AwaitDropped inside the callback itself returns") {
  Callback callback;
  QueueWorld q{callback.Options()};
  Moment returned;
  callback.then = [&] {
    q.queue->Close();
    q.queue->AwaitDropped(60s);
    returned.Come();
  };
  REQUIRE(q.Submit());
  CHECK(returned.Await());
  CHECK(q.queue->AwaitEmpty(60s));
}

class NumberedRequest final : public Result {
 public:
  explicit NumberedRequest(uint64_t number) : Result(Kind::kRequest, number) {}
};

TEST_CASE("requests arrive in order, also those that come too fast to wake somebody for each") {
  constexpr uint64_t kRequests = 50'000;
  const bool has_callback = GENERATE(false, true);
  std::atomic<uint64_t> next{0};
  std::atomic<uint64_t> misplaced{0};
  const auto take = [&](std::span<Result* const> results) {
    for (Result* result : results) {
      misplaced += result->token() == next.fetch_add(1) ? 0 : 1;
      result->Release();
    }
  };
  QueueOptions options;
  if (has_callback) {
    options.deliver = take;
  }
  QueueWorld q{std::move(options)};
  std::thread consumer;
  if (!has_callback) {
    consumer = std::thread([&] {
      std::array<Result*, 16> taken{};
      for (auto count = q.queue->Wait(taken, 60s); count.ok() && *count > 0;
           count = q.queue->Wait(taken, 60s)) {
        take(std::span(taken).first(*count));
      }
    });
  }
  for (uint64_t i = 0; i < kRequests; i += 2) {
    const std::array<Result*, 2> two{new NumberedRequest(i), new NumberedRequest(i + 1)};
    REQUIRE(q.queue->DeliverRequests(two));
  }
  CHECK(AwaitThat([&] { return next.load() == kRequests; }));
  CHECK(q.queue->AwaitEmpty(60s));
  q.queue->Close();
  if (consumer.joinable()) {
    consumer.join();
  }
  CHECK(misplaced.load() == 0);
  NumberedRequest* late = new NumberedRequest(kRequests);
  Result* const refused = late;
  CHECK_FALSE(q.queue->DeliverRequests({&refused, 1}));
  late->Release();
}

TEST_CASE("a posted job runs where results are taken, in its turn, and is no event") {
  QueueWorld q;
  std::vector<int> ran;
  REQUIRE(q.Submit());
  q.queue->Post([&] {
    ran.push_back(1);
    const std::array<Result*, 1> made{new NumberedRequest(7)};
    CHECK(q.queue->DeliverRequests(made));
  });
  CHECK(IsReadable(q.queue->Descriptor()));
  CHECK(ran.empty());
  CHECK(q.Poll() == 1);
  CHECK(ran.size() == 1);
  CHECK(q.Poll() == 1);  // what the job brought
  q.queue->Post([&] { ran.push_back(2); });
  CHECK(q.Wait(0ns) == 0);
  CHECK(ran.size() == 2);
  CHECK_FALSE(IsReadable(q.queue->Descriptor()));
}

TEST_CASE("a job that no queue takes any more runs all the same") {
  std::atomic<int> runs{0};
  QueueWorld q;
  q.queue->Post([&] { ++runs; });
  q.queue->Close();
  q.queue->AwaitDropped(1s);
  q.queue->Post([&] { ++runs; });
  CHECK(AwaitThat([&] { return runs.load() == 2; }));
}

TEST_CASE("of requests that come together every waiter gets one") {
  constexpr size_t kWaiters = 4;
  constexpr size_t kRounds = 100;
  QueueWorld q;
  std::atomic<size_t> held{0};
  std::atomic<size_t> doubled{0};
  std::vector<std::atomic<int>> times(kWaiters * kRounds);
  std::vector<std::thread> waiters;
  for (size_t i = 0; i < kWaiters; ++i) {
    waiters.emplace_back([&] {
      for (size_t round = 1; round <= kRounds; ++round) {
        std::array<Result*, 1> taken{};
        const auto count = q.queue->Wait(taken, 60s);
        if (!count.ok() || *count != 1) {
          return;
        }
        doubled += times[taken[0]->token()].fetch_add(1) > 0 ? 1 : 0;
        ++held;
        // It takes no other one, so each of the others has to be awake.
        AwaitThat([&] { return held.load() >= round * kWaiters; });
        taken[0]->Release();
      }
    });
  }
  bool all_awake = true;
  for (size_t round = 0; all_awake && round < kRounds; ++round) {
    std::this_thread::sleep_for(round % 2 == 0 ? 1ms : 0ms);  // they sleep, or are on their way
    std::array<Result*, kWaiters> together{};
    for (size_t i = 0; i < kWaiters; ++i) {
      together[i] = new NumberedRequest(round * kWaiters + i);
    }
    all_awake = q.queue->DeliverRequests(together) &&
                AwaitThat([&] { return held.load() >= (round + 1) * kWaiters; });
  }
  q.queue->Close();
  std::ranges::for_each(waiters, [](std::thread& waiter) { waiter.join(); });
  CHECK(all_awake);
  CHECK(doubled.load() == 0);
  CHECK(held.load() == kWaiters * kRounds);
}

TEST_CASE("where the host runs the loop, waiting for events lends the thread") {
  const HostOptions lent{.threads = {}, .most_blocking_threads = 1, .host_runs_loop = true};
  QueueWorld q{{}, lent};
  REQUIRE(q.Submit(EndsNow, Execution::kBlocking));
  CHECK(q.world.host->pool().thread_count() == 0);
  CHECK(q.Wait(-1ns) == 1);

  Callback callback;
  QueueWorld delivering{callback.Options(), lent};
  REQUIRE(delivering.Submit());
  CHECK(callback.events.load() == 0);  // never inside the call
  CHECK(delivering.queue->AwaitEmpty(60s));
  CHECK(callback.events.load() == 1);
}

}  // namespace
}  // namespace mecha
