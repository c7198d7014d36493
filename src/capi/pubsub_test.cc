// SPDX-License-Identifier: Apache-2.0
// mecha_publish, on pubsub.in-memory.
#include "mecha/pubsub.h"

#include "support/c_world.h"

namespace mecha {
namespace {

using test::CWorld;
using test::NewCall;
using test::Released;
using test::Text;
using test::View;

mecha_message MessageOf(mecha_buf data) {
  mecha_message message{};
  message.data = data;
  return message;
}
mecha_message MessageOf(std::string_view text) {
  return MessageOf({text.data(), text.size(), nullptr, nullptr});
}

struct PublishWorld : CWorld {
  explicit PublishWorld(uint32_t flags = 0)
      : CWorld(flags, std::string(test::kInMemory) + "---\n" + std::string(kMessages)) {}
  ~PublishWorld() { mecha_result_release(result); }

  mecha_status Publish(const std::vector<mecha_message>& messages,
                       const mecha_call* call = nullptr) {
    mecha_result_release(result);
    return mecha_publish(runtime, call, View("messages"), View("created"), messages.data(),
                         messages.size(), nullptr, &result);
  }
  mecha_item Item(size_t index) const {
    mecha_item item{};
    item.struct_size = sizeof item;
    REQUIRE(mecha_result_item(result, index, &item) == MECHA_OK);
    return item;
  }
  std::string Message(size_t index = MECHA_RESULT_WHOLE) const {
    return mecha_error_message(mecha_result_error(result, index));
  }

  static constexpr std::string_view kMessages =
      "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: messages\nspec:\n"
      "  type: pubsub.in-memory\n  version: v1\n";
  mecha_result* result = nullptr;
};

TEST_CASE("a published message shows its id") {
  PublishWorld world;
  mecha_message message = MessageOf("hello");
  message.id = View("m-1");
  REQUIRE(world.Publish({message}) == MECHA_OK);
  CHECK(Text(world.Item(0).key) == "m-1");
  REQUIRE(world.Publish({MessageOf("hello")}) == MECHA_OK);
  CHECK(world.Item(0).key.size == 36);
  CHECK(mecha_publish(world.runtime, nullptr, View("messages"), View("created"), &message, 1,
                      nullptr, nullptr) == MECHA_OK);
}

TEST_CASE("several messages fail by themselves: PARTIAL; none taken is a failure") {
  PublishWorld world;
  mecha_message wrong = MessageOf("{");
  wrong.content_type = View("application/json");
  REQUIRE(world.Publish({MessageOf("a"), wrong}) == MECHA_PARTIAL);
  CHECK(world.Item(0).status == MECHA_OK);
  CHECK(world.Item(1).status == MECHA_INVALID_ARGUMENT);
  CHECK(world.Message(1).find("(message 1)") != std::string::npos);
  CHECK(world.Publish({wrong, wrong}) == MECHA_INVALID_ARGUMENT);
  CHECK(world.Message().find("is not JSON") != std::string::npos);
  CHECK(world.Publish({wrong}) == MECHA_INVALID_ARGUMENT);
}

TEST_CASE("a publish through a queue copies what it needs, metadata too") {
  PublishWorld world;
  world.OpenQueue();
  mecha_call call = NewCall();
  call.queue = world.queue;
  call.token = 7;
  {
    std::string data = "raw bytes";
    std::string value = "60";
    mecha_kv entry{View("cloudevent.subject"), View(value)};
    mecha_message raw = MessageOf(data);
    raw.flags = MECHA_MESSAGE_RAW;
    raw.metadata = &entry;
    raw.metadata_count = 1;
    call.metadata = &entry;
    call.metadata_count = 1;
    REQUIRE(world.Publish({raw}, &call) == MECHA_PENDING);
    data.assign(data.size(), 'x');
    value.assign(value.size(), 'x');
  }
  const auto events = world.Poll();
  REQUIRE(events.size() == 1);
  CHECK(events[0].status == MECHA_OK);
  CHECK(events[0].token == 7);
}

TEST_CASE("what a message must not be") {
  PublishWorld world;
  mecha_message message = MessageOf("x");
  message.flags = 1u << 7;
  CHECK(world.Publish({message}) == MECHA_INVALID_ARGUMENT);
  message = MessageOf("x");
  message.metadata_count = 1;
  CHECK(world.Publish({message}) == MECHA_INVALID_ARGUMENT);
  const mecha_kv broken{{nullptr, 3}, {nullptr, 0}};
  message.metadata = &broken;
  CHECK(world.Publish({message}) == MECHA_INVALID_ARGUMENT);
  message = MessageOf("x");
  message.key = {nullptr, 1};
  CHECK(world.Publish({message}) == MECHA_INVALID_ARGUMENT);
  CHECK(world.Publish({MessageOf({nullptr, 4, nullptr, nullptr})}) == MECHA_INVALID_ARGUMENT);
  CHECK(world.Publish({}) == MECHA_INVALID_ARGUMENT);
  CHECK(world.Message().find("at least one") != std::string::npos);
  CHECK(mecha_publish(world.runtime, nullptr, View("messages"), View("created"), nullptr, 2,
                      nullptr, nullptr) == MECHA_INVALID_ARGUMENT);
  message = MessageOf("x");
  CHECK(mecha_publish(world.runtime, nullptr, View("store"), View("created"), &message, 1, nullptr,
                      nullptr) == MECHA_NOT_FOUND);
  mecha_publish_options options{};
  CHECK(mecha_publish(world.runtime, nullptr, View("messages"), View("created"), &message, 1,
                      &options, nullptr) == MECHA_INVALID_ARGUMENT);
  // An absent body is an event without data.
  CHECK(world.Publish({MessageOf({nullptr, 0, nullptr, nullptr})}) == MECHA_OK);
}

TEST_CASE("lent data is released once on every path") {
  PublishWorld world;
  world.OpenQueue(1);
  Released released;
  const auto lent = [&] { return MessageOf(released.Lend("x")); };
  int expected = 0;
  const auto is_released = [&](int count) { return released.count == (expected += count); };
  REQUIRE(world.Publish({lent(), lent()}) == MECHA_OK);
  CHECK(is_released(2));
  mecha_message wrong = lent();
  wrong.ttl_ms = -5;
  CHECK(world.Publish({lent(), wrong}) == MECHA_PARTIAL);
  CHECK(is_released(2));
  wrong.flags = 99;
  CHECK(world.Publish({lent(), wrong}) == MECHA_INVALID_ARGUMENT);
  CHECK(is_released(2));
  const mecha_message one = lent();
  CHECK(mecha_publish(world.runtime, nullptr, View("nowhere"), View("t"), &one, 1, nullptr,
                      nullptr) == MECHA_NOT_FOUND);
  CHECK(is_released(1));
  CHECK(mecha_publish(world.runtime, nullptr, View("messages"), View(""), &one, 1, nullptr,
                      nullptr) == MECHA_INVALID_ARGUMENT);
  CHECK(is_released(1));
  CHECK(mecha_publish(nullptr, nullptr, View("messages"), View("t"), &one, 1, nullptr, nullptr) ==
        MECHA_INVALID_ARGUMENT);
  CHECK(is_released(1));

  mecha_call call = NewCall();
  call.queue = world.queue;
  REQUIRE(world.Publish({lent()}, &call) == MECHA_PENDING);
  CHECK(is_released(0));  // by the thread that polls
  CHECK(world.Publish({lent()}, &call) == MECHA_BUSY);
  CHECK(is_released(1));
  CHECK(world.Poll().size() == 1);
  CHECK(is_released(1));
  REQUIRE(mecha_runtime_shutdown(world.runtime, 0, nullptr) == MECHA_OK);
  CHECK(world.Publish({lent()}) == MECHA_CLOSED);
  CHECK(is_released(1));
}

}  // namespace
}  // namespace mecha
