// SPDX-License-Identifier: Apache-2.0
#include "result/status.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "result/status_or.h"
#include "support/catch.h"

namespace mecha {
namespace {

Status FailIf(bool fails) {
  RETURN_IF_ERROR(fails ? Aborted("the etag does not match") : OkStatus());
  return NotFound();
}

StatusOr<int> Half(int number) {
  if (number % 2 != 0) {
    return InvalidArgument("odd");
  }
  return number / 2;
}

StatusOr<std::string> QuarterAsText(int number) {
  ASSIGN_OR_RETURN(const int half, Half(number));
  ASSIGN_OR_RETURN(const int quarter, Half(half));
  return std::to_string(quarter);
}

TEST_CASE("a status has a code, a message and a mark") {
  CHECK(Status().ok());
  CHECK(OkStatus().message().empty());
  CHECK(NotFound().code() == StatusCode::kNotFound);
  CHECK(NotFound().message().empty());
  const Status lost = MarkApplied(Unavailable("the reply was lost"), Applied::kMaybe);
  CHECK(IsUnavailable(lost));
  CHECK(lost.message() == "the reply was lost");
  CHECK(lost.applied() == Applied::kMaybe);
  CHECK(HasCode(Status(StatusCode::kBusy, "full"), StatusCode::kBusy));
  CHECK_FALSE(NotFound().ok());
}

TEST_CASE("copies share the message and outlive the first one, on any thread") {
  auto first = std::make_unique<Status>(Internal("a message too long for a small string"));
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([copy = *first, &wrong] {
      for (int round = 0; round < 1000; ++round) {
        Status mine = copy;
        const Status moved = std::move(mine);
        wrong.fetch_add(moved.message() == "a message too long for a small string" ? 0 : 1);
      }
    });
  }
  Status kept = *first;
  first.reset();
  kept = Status(kept);
  Status& same = kept;
  kept = same;
  CHECK(kept.message() == "a message too long for a small string");
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(wrong.load() == 0);
}

TEST_CASE("a prefix keeps code and mark, and Update keeps the first failure") {
  const Status lost = MarkApplied(Unavailable("gone"), Applied::kYes);
  const Status prefixed = WithPrefix(lost, "send");
  CHECK(prefixed.message() == "send: gone");
  CHECK(prefixed.applied() == Applied::kYes);
  CHECK(WithPrefix(NotFound(), "get").message() == "get");
  Status first;
  first.Update(OkStatus());
  CHECK(first.ok());
  first.Update(lost);
  first.Update(Internal("later"));
  CHECK((first == lost));
}

TEST_CASE("every code has its name") {
  CHECK(std::string(NameOf(StatusCode::kOk)) == "OK");
  CHECK(std::string(NameOf(StatusCode::kUnauthenticated)) == "UNAUTHENTICATED");
  CHECK(std::string(NameOf(StatusCode::kStuck)) == "STUCK");
  CHECK(std::string(NameOf(static_cast<StatusCode>(99))) == "UNKNOWN");
}

TEST_CASE("StatusOr is a value or a failure, and the macros pass failures on") {
  CHECK(IsAborted(FailIf(true)));
  CHECK(IsNotFound(FailIf(false)));
  CHECK(*QuarterAsText(8) == "2");
  CHECK(QuarterAsText(6).status().message() == "odd");
  CHECK(StatusOr<int>().status().code() == StatusCode::kUnknown);
  CHECK(StatusOr<int>(OkStatus()).status().code() == StatusCode::kInternal);
  StatusOr<std::unique_ptr<int>> owned = std::make_unique<int>(7);
  REQUIRE(owned.ok());
  const std::unique_ptr<int> taken = *std::move(owned);
  CHECK(*taken == 7);
  CHECK(Half(3).value_or(4) == 4);
  CHECK(QuarterAsText(8)->size() == 1);
}

}  // namespace
}  // namespace mecha
