// SPDX-License-Identifier: Apache-2.0
#include <thread>

#include "stores.h"

namespace {

using Current = std::optional<std::string_view>;

std::string Increment(Current current) {
  return std::to_string(current ? std::stoi(std::string(*current)) + 1 : 1);
}

}  // namespace

TEST_CASE("update creates a key, then changes it") {
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::State orders = runtime.state("orders");
  REQUIRE(orders.Update("count", Increment).ok());
  const mecha::Result<mecha::Written> written = orders.Update("count", Increment);
  REQUIRE(written.ok());
  const mecha::Result<mecha::Value> value = orders.Get("count");
  CHECK(value->bytes() == "2");
  CHECK(value->etag() == written->etag());
}

TEST_CASE("update loses nothing under eight threads") {
  constexpr int kThreads = 8;
  constexpr int kTimes = 200;
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::State orders = runtime.state("orders");
  std::vector<std::thread> threads;
  std::array<int, kThreads> failures{};
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int time = 0; time < kTimes; ++time) {
        if (!orders.Update("count", Increment).ok()) ++failures[static_cast<std::size_t>(i)];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failures == std::array<int, kThreads>{});
  CHECK(orders.Get("count")->bytes() == std::to_string(kThreads * kTimes));
}

TEST_CASE("update can keep a key as it is, absent or present") {
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::State orders = runtime.state("orders");
  const auto keep = [](Current) { return mecha::Change::Keep(); };
  const auto nothing = [](Current) { return std::optional<std::string>(); };
  CHECK(orders.Update("key", keep).ok());
  CHECK(orders.Update("key", nothing).ok());
  CHECK_FALSE(orders.Get("key")->found());
  REQUIRE(orders.Set("key", "value").ok());
  const std::string etag = std::string(orders.Get("key")->etag());
  CHECK(orders.Update("key", keep)->etag() == etag);
  CHECK(orders.Update("key", nothing)->etag() == etag);
  CHECK(orders.Get("key")->etag() == etag);
}

TEST_CASE("update can delete a key, and deleting an absent one is nothing") {
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::State orders = runtime.state("orders");
  const auto remove = [](Current) { return mecha::Change::Delete(); };
  CHECK(orders.Update("key", remove).ok());
  REQUIRE(orders.Set("key", "value").ok());
  CHECK(orders.Update("key", remove).ok());
  CHECK_FALSE(orders.Get("key")->found());
}

TEST_CASE("a function of update may return any text, or an optional one") {
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::State orders = runtime.state("orders");
  REQUIRE(orders.Update("key", [](Current) { return "literal"; }).ok());
  CHECK(orders.Get("key")->bytes() == "literal");
  REQUIRE(orders.Update("key", [](Current text) { return text->substr(0, 3); }).ok());
  CHECK(orders.Get("key")->bytes() == "lit");
  REQUIRE(orders.Update("key", [](Current) { return std::optional<std::string>("some"); }).ok());
  CHECK(orders.Get("key")->bytes() == "some");
}

TEST_CASE("update tries again after a lost race with the new value") {
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::State orders = runtime.state("orders");
  REQUIRE(orders.Set("count", "1").ok());
  int calls = 0;
  const mecha::Result<mecha::Written> written = orders.Update("count", [&](Current current) {
    if (++calls <= 3) REQUIRE(orders.Set("count", std::to_string(calls * 10)).ok());
    return Increment(current);
  });
  REQUIRE(written.ok());
  CHECK(calls == 4);
  CHECK(orders.Get("count")->bytes() == "31");
}

TEST_CASE("update gives up at its deadline and has written nothing") {
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::State orders = runtime.state("orders");
  int calls = 0;
  mecha::CallOptions call;
  call.timeout = std::chrono::milliseconds(100);
  const auto begin = std::chrono::steady_clock::now();
  const mecha::Result<mecha::Written> written = orders.Update(
      "count",
      [&](Current) {
        REQUIRE(orders.Set("count", "theirs " + std::to_string(++calls)).ok());
        return "ours";
      },
      {}, call);
  CHECK(written.status() == mecha::Status::kDeadlineExceeded);
  CHECK(written.error().message().size() > 10);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));
  CHECK(calls > 1);
  CHECK(orders.Get("count")->bytes() == "theirs " + std::to_string(calls));
}

TEST_CASE("update returns the first failure that is not a lost race") {
  const mecha::Runtime runtime = StartedRuntime();
  int calls = 0;
  const auto count = [&](Current) {
    ++calls;
    return "x";
  };
  CHECK(runtime.state("nowhere").Update("key", count).status() == mecha::Status::kNotFound);
  CHECK(calls == 0);
  mecha::UpdateOptions json;
  json.content_type = mecha::kJson;
  const mecha::State orders = runtime.state("orders");
  CHECK(orders.Update("key", count, json).status() == mecha::Status::kInvalidArgument);
  CHECK(calls == 1);
}

TEST_CASE("an exception of the function passes through update and writes nothing") {
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::State orders = runtime.state("orders");
  const auto fails = [](Current) -> std::string { throw std::runtime_error("no"); };
  CHECK_THROWS_AS(orders.Update("key", fails), std::runtime_error);
  CHECK_FALSE(orders.Get("key")->found());
}

TEST_CASE("pauses grow up to the longest one and are never zero") {
  using std::chrono::microseconds;
  mecha::detail::Backoff backoff(microseconds(10), microseconds(100));
  for (int i = 0; i < 1000; ++i) {
    const std::chrono::nanoseconds pause = backoff.Next();
    CHECK(pause.count() > 0);
    CHECK(pause <= microseconds(i == 0 ? 10 : 100));
  }
  mecha::detail::Backoff none(std::chrono::nanoseconds(0), std::chrono::nanoseconds(0));
  for (int i = 0; i < 10; ++i) CHECK(none.Next() == std::chrono::nanoseconds(1));
}

TEST_CASE("time left is the default, bounded, or endless") {
  using std::chrono::seconds;
  CHECK(mecha::detail::TimeLeft(std::chrono::nanoseconds(0)).timeout() > seconds(59));
  CHECK(mecha::detail::TimeLeft(seconds(5)).timeout() <= seconds(5));
  CHECK(mecha::detail::TimeLeft(mecha::kNoTimeout).timeout() == mecha::kNoTimeout);
  CHECK(mecha::detail::TimeLeft(std::chrono::nanoseconds::max()).timeout() == mecha::kNoTimeout);
  const mecha::detail::TimeLeft over(std::chrono::nanoseconds(1));
  CHECK_FALSE(over.Covers(seconds(1)));
  CHECK(over.timeout().count() > 0);
}
