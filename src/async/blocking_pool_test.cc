// SPDX-License-Identifier: Apache-2.0
#include "async/blocking_pool.h"

#include <atomic>

#include "support/catch.h"
#include "support/moment.h"

namespace mecha {
namespace {

using test::AwaitThat;
using test::Moment;

const ThreadOptions kOptions;

TEST_CASE("a pool grows up to its limit and no further, and every job runs") {
  BlockingPool pool(kOptions, 3);
  CHECK(pool.thread_count() == 0);
  Moment begun;
  Moment go;
  std::atomic<int> ran{0};
  for (int i = 0; i < 8; ++i) {
    pool.Post([&] {
      begun.Come();
      go.Await();
      ran.fetch_add(1);
    });
  }
  REQUIRE(begun.Await(3));
  CHECK(begun.count() == 3);
  CHECK(pool.thread_count() == 3);
  go.Come();
  pool.Finish();
  CHECK(ran.load() == 8);
  CHECK(pool.thread_count() == 0);
}

TEST_CASE("an idle thread takes the next job") {
  std::atomic<int> started{0};
  ThreadOptions options;
  options.started = [&](const char*) { started.fetch_add(1); };
  BlockingPool pool(options, 8);
  for (int i = 0; i < 20; ++i) {
    Moment ran;
    pool.Post([&] { ran.Come(); });
    REQUIRE(ran.Await());
  }
  pool.Finish();
  // The thread that ran a job may not be idle again when the next one comes, but mostly is.
  CHECK(started.load() < 20);
}

TEST_CASE("jobs posted by jobs while the pool finishes run too") {
  BlockingPool pool(kOptions, 2);
  std::atomic<int> ran{0};
  pool.Post([&] {
    ran.fetch_add(1);
    pool.Post([&] {
      ran.fetch_add(1);
      pool.Post([&] { ran.fetch_add(1); });
    });
  });
  pool.Finish();
  CHECK(ran.load() == 3);
}

TEST_CASE("a finished pool starts again with the next job") {
  BlockingPool pool(kOptions, 2);
  pool.Finish();
  Moment ran;
  pool.Post([&] { ran.Come(); });
  CHECK(ran.Await());
  pool.Finish();
  CHECK(pool.thread_count() == 0);
}

TEST_CASE("a pool knows its own threads") {
  BlockingPool pool(kOptions, 1);
  std::atomic<bool> is_own{false};
  pool.Post([&] { is_own.store(pool.IsCurrentThread()); });
  pool.Finish();
  CHECK(is_own.load());
  CHECK_FALSE(pool.IsCurrentThread());
}

TEST_CASE("without any thread, Finish runs the jobs on its caller") {
  BlockingPool pool(kOptions, 0);  // as when the system refuses threads
  std::atomic<bool> ran{false};
  pool.Post([&] { ran.store(true); });
  CHECK_FALSE(ran.load());
  pool.Finish();
  CHECK(ran.load());
}

TEST_CASE("a hook of the host's may ask the pool while another thread finishes it") {
  BlockingPool* pool_to_ask = nullptr;
  std::atomic<int> asked{0};
  ThreadOptions options;
  options.stopping = [&](const char*) {
    pool_to_ask->thread_count();
    asked.fetch_add(1);
  };
  BlockingPool pool(options, 2);
  pool_to_ask = &pool;
  for (int i = 0; i < 10; ++i) {
    pool.Post([] {});
    pool.Finish();
  }
  CHECK(asked.load() >= 10);
}

}  // namespace
}  // namespace mecha
