// SPDX-License-Identifier: Apache-2.0
#include "stores.h"

TEST_CASE("a status has a name and knows whether it is a failure") {
  CHECK(mecha::NameOf(mecha::Status::kNotFound) == "NOT_FOUND");
  CHECK(mecha::NameOf(static_cast<mecha::Status>(-9999)) == "UNKNOWN");
  CHECK(mecha::IsFailure(mecha::Status::kAborted));
  CHECK_FALSE(mecha::IsFailure(mecha::Status::kOk));
  CHECK_FALSE(mecha::IsFailure(mecha::Status::kPartial));
}

TEST_CASE("a view tells absent text from empty text") {
  CHECK(mecha::ToView({}).data != nullptr);
  CHECK(mecha::ToView("").size == 0);
  CHECK(mecha::ToOptionalView("").data == nullptr);
  CHECK(mecha::ToOptionalView("a").size == 1);
  CHECK(mecha::ToText(mecha_view{nullptr, 5}).empty());
  CHECK(mecha::ToText(mecha::ToView("abc")) == "abc");
}

TEST_CASE("a span reads arrays, vectors and lists in braces") {
  const auto sum = [](mecha::Span<int> numbers) {
    int total = 0;
    for (const int number : numbers) total += number;
    return total;
  };
  const std::vector<int> three = {1, 2, 3};
  CHECK(sum(three) == 6);
  CHECK(sum({4, 5}) == 9);
  CHECK(sum(std::array<int, 2>{6, 7}) == 13);
  CHECK(sum({}) == 0);
}

TEST_CASE("a small array keeps what it is given, few or many") {
  for (const std::size_t size : {0, 4, 5, 100}) {
    mecha::detail::SmallArray<std::size_t, 4> array(size);
    for (std::size_t i = 0; i < size; ++i) array[i] = i * i;
    CHECK(array.size() == size);
    for (std::size_t i = 0; i < size; ++i) CHECK(array.data()[i] == i * i);
  }
}

TEST_CASE("the value of an error throws an exception with its message") {
  const mecha::Result<int> result = mecha::Error(mecha::Status::kAborted, "somebody was first");
  CHECK_FALSE(result.ok());
  CHECK_FALSE(static_cast<bool>(result));
  CHECK(result.status() == mecha::Status::kAborted);
  CHECK(result.error().message() == "somebody was first");
  try {
    static_cast<void>(result.value());
    FAIL("value() of an error returned");
  } catch (const mecha::Exception& exception) {
    CHECK(exception.status() == mecha::Status::kAborted);
    CHECK(std::string(exception.what()) == "somebody was first");
  }
  CHECK_THROWS_AS(*result + 1, std::exception);
}

TEST_CASE("a result without a value throws too, and a success has no error") {
  const mecha::Result<void> failure = mecha::Error(mecha::Status::kClosed, "closed");
  CHECK_THROWS_AS(failure.value(), mecha::Exception);
  CHECK(failure.status() == mecha::Status::kClosed);
  const mecha::Result<void> success;
  CHECK(success.ok());
  CHECK(success.status() == mecha::Status::kOk);
  CHECK_THROWS_AS(success.error(), mecha::Exception);
  const mecha::Result<int> five = 5;
  CHECK(*five == 5);
  CHECK_THROWS_AS(five.error(), mecha::Exception);
}

TEST_CASE("a value can be moved out of a result") {
  mecha::Result<std::unique_ptr<int>> result = std::make_unique<int>(3);
  const std::unique_ptr<int> taken = std::move(result).value();
  CHECK(*taken == 3);
}

TEST_CASE("an empty answer has no items and reads past its end safely") {
  mecha::Answer answer;
  CHECK(answer.size() == 0);
  CHECK(answer.status() == mecha::Status::kOk);
  CHECK(answer.item(0).status == mecha::Status::kOutOfRange);
  CHECK_FALSE(answer.Metadata(0).has_value());
  CHECK(answer.page().empty());
  CHECK(answer.Share().get() == nullptr);
}

TEST_CASE("an error without words shows its status name") {
  const mecha::Error error(mecha::Status::kBusy, mecha::Answer());
  CHECK(error.message() == "BUSY");
  CHECK(error.Detail("component").empty());
  CHECK_FALSE(error.maybe_applied());
  CHECK(error.retryable() == mecha::Retryable::kNo);
}

TEST_CASE("an answer outlives its runtime and its first owner") {
  std::optional<mecha::Answer> shared;
  {
    const mecha::Runtime runtime = StartedRuntime();
    const mecha::State orders = runtime.state("orders");
    REQUIRE(orders.Set("key", "a value long enough not to sit inside a small object").ok());
    const mecha::Result<mecha::Value> value = orders.Get("key");
    REQUIRE(value.ok());
    shared.emplace(value->answer().Share());
  }
  CHECK(shared->item(0).value == "a value long enough not to sit inside a small object");
}
