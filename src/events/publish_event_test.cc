// SPDX-License-Identifier: Apache-2.0
#include "events/publish_event.h"

#include <array>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "encoding/rfc3339.h"
#include "encoding/uuid.h"
#include "events/event_encoding.h"
#include "events/event_reader.h"
#include "support/catch.h"

namespace mecha {
namespace {

using Kind = CloudEvent::DataKind;
using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;
using std::chrono::milliseconds;

constexpr std::string_view kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr std::array<unsigned char, 16> kDrawn = {0xAB, 0xCD};

struct Publish {
  std::string content_type;
  std::string data;
  Pairs metadata;
  std::string traceparent;
  std::string tracestate;
  bool has_native_ttl = false;
  Strictness strictness = Strictness::kStrict;
};

StatusOr<CloudEvent> Make(const Publish& publish) {
  const auto metadata = ReadPublishMetadata(publish.metadata);
  RETURN_IF_ERROR(metadata.status());
  const Publication publication{.pubsub_name = "messages",
                                .topic = "orders",
                                .content_type = publish.content_type,
                                .data = Buffer::CopyOf(publish.data)};
  Publisher publisher{.app_id = "shop",
                      .traceparent = publish.traceparent,
                      .tracestate = publish.tracestate,
                      .now = *ParseRfc3339("2026-01-02T03:04:05.678Z"),
                      .random = kDrawn};
  publisher.has_native_ttl = publish.has_native_ttl;
  publisher.strictness = publish.strictness;
  return MakeEvent(publication, *metadata, publisher);
}

std::string Encoded(const Publish& publish) {
  const auto event = Make(publish);
  return event.ok() ? std::string(EncodeEvent(*event).view()) : std::string();
}

bool IsAbsent(std::string_view attribute) { return attribute.data() == nullptr; }

TEST_CASE("a plain publish gets the whole envelope") {
  const auto event = Make({.data = "hello"});
  REQUIRE(event.ok());
  CHECK(event->id == "abcd0000-0000-4000-8000-000000000000");
  CHECK(event->specversion == "1.0");
  CHECK(event->type == "com.dapr.event.sent");
  CHECK(event->source == "shop");
  CHECK(IsAbsent(event->subject));
  CHECK(event->time == "2026-01-02T03:04:05Z");
  CHECK(event->datacontenttype == "text/plain");
  CHECK(event->topic == "orders");
  CHECK(event->pubsubname == "messages");
  CHECK(IsAbsent(event->traceparent));
  CHECK(IsAbsent(event->traceid));
  CHECK(IsAbsent(event->tracestate));
  CHECK(IsAbsent(event->expiration));
  CHECK((event->data_kind == Kind::kText));
  CHECK(event->data.view() == "hello");
}

TEST_CASE("without an app id the source is Dapr") {
  const Publication publication{"messages", "orders", "", {}};
  const auto event = MakeEvent(publication, {}, Publisher{.now = WallTime(), .random = kDrawn});
  REQUIRE(event.ok());
  CHECK(event->source == "Dapr");
  CHECK((event->data_kind == Kind::kNone));
  CHECK(event->time == "1970-01-01T00:00:00Z");
}

TEST_CASE("metadata overrides seven attributes and no other") {
  const auto event = Make({.content_type = "text/plain",
                           .data = "hello",
                           .metadata = {{"cloudevent.id", "7"},
                                        {"cloudevent.type", "order.made"},
                                        {"CloudEvent.Source", "till"},
                                        {"cloudevent.subject", "o-1"},
                                        {"cloudevent.traceid", "t"},
                                        {"cloudevent.traceparent", "p"},
                                        {"cloudevent.tracestate", "s"},
                                        {"cloudevent.data", "no"},
                                        {"cloudevent.topic", "no"},
                                        {"cloudevent.pubsubname", "no"},
                                        {"cloudevent.datacontenttype", "no"},
                                        {"cloudevent.time", "no"}},
                           .traceparent = std::string(kParent),
                           .tracestate = "x=1"});
  REQUIRE(event.ok());
  CHECK(event->id == "7");
  CHECK(event->type == "order.made");
  CHECK(event->source == "till");
  CHECK(event->subject == "o-1");
  CHECK(event->traceid == "t");
  CHECK(event->traceparent == "p");
  CHECK(event->tracestate == "s");
  CHECK(event->data.view() == "hello");
  CHECK(event->topic == "orders");
  CHECK(event->pubsubname == "messages");
  CHECK(event->datacontenttype == "text/plain");
  CHECK(event->time == "2026-01-02T03:04:05Z");
}

TEST_CASE("an empty override counts as none") {
  const auto event = Make({.metadata = {{"cloudevent.id", ""},
                                        {"cloudevent.type", ""},
                                        {"cloudevent.source", ""},
                                        {"cloudevent.subject", ""}}});
  REQUIRE(event.ok());
  CHECK(IsUuid(event->id));
  CHECK(event->type == "com.dapr.event.sent");
  CHECK(event->source == "shop");
  CHECK(IsAbsent(event->subject));
}

TEST_CASE("a traced call gives traceid, traceparent and tracestate") {
  const auto event = Make({.traceparent = std::string(kParent), .tracestate = "x=1"});
  CHECK(event->traceid == kParent);
  CHECK(event->traceparent == kParent);
  CHECK(event->tracestate == "x=1");
  const auto without_state = Make({.traceparent = std::string(kParent)});
  CHECK_FALSE(IsAbsent(without_state->tracestate));
  CHECK(without_state->tracestate.empty());
}

TEST_CASE("JSON data becomes a value, as it is written") {
  for (const char* type : {"application/json", "Application/JSON; charset=utf-8"}) {
    const Publish publish{.content_type = type,
                          .data = "{ \"n\":1.10, \"big\":12345678901234567890}"};
    const auto event = Make(publish);
    REQUIRE(event.ok());
    CHECK((event->data_kind == Kind::kJson));
    CHECK(event->datacontenttype == type);
    CHECK(Encoded(publish).ends_with(",\"data\":{ \"n\":1.10, \"big\":12345678901234567890}}"));
  }
  CHECK(
      Encoded({.content_type = "application/json", .data = "\"a\""}).ends_with(",\"data\":\"a\"}"));
}

TEST_CASE("blanks around a JSON value are dropped and those within are kept") {
  CHECK(Make({.content_type = "application/json", .data = "\n { \"a\": 1 }\r\n"})->data.view() ==
        "{ \"a\": 1 }");
}

TEST_CASE("JSON that a reader of the event would find too deep is refused") {
  const auto nested = [](size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  const auto event = Make({.content_type = "application/json", .data = nested(kDeepestEvent - 1)});
  REQUIRE(event.ok());
  CHECK(DecodeEvent(EncodeEvent(*event).view()).ok());
  CHECK(IsInvalidArgument(
      Make({.content_type = "application/json", .data = nested(kDeepestEvent)}).status()));
}

TEST_CASE("data that is not the JSON it claims to be is refused in strict and a string in dapr") {
  const auto refused = Make({.content_type = "application/json", .data = "{\"a\":1 x}"});
  REQUIRE(IsInvalidArgument(refused.status()));
  CHECK(refused.status().message() ==
        "the content type is application/json but the data is not JSON, at byte 7: ',' or '}' was "
        "expected; mend the data or publish it as text/plain");
  CHECK(IsInvalidArgument(Make({.content_type = "application/json", .data = "1 2"}).status()));
  CHECK(IsInvalidArgument(Make({.content_type = "application/json", .data = ""}).status()));
  const Publish lenient{
      .content_type = "application/json", .data = "{\"a\":1 x}", .strictness = Strictness::kDapr};
  CHECK(Encoded(lenient).ends_with(",\"data\":\"{\\\"a\\\":1 x}\"}"));
}

TEST_CASE("binary content types become base64") {
  for (const char* type : {"application/octet-stream", "application/octet-stream; a=b",
                           "application/cloudevents+protobuf", "application/x-protobuf"}) {
    INFO(type);
    const Publish publish{.content_type = type, .data = "hi\n"};
    CHECK((Make(publish)->data_kind == Kind::kBinary));
    CHECK(Make(publish)->data.view() == "hi\n");
    CHECK(Encoded(publish).ends_with(",\"data_base64\":\"aGkK\"}"));
  }
}

TEST_CASE("every other content type becomes a string") {
  for (const char* type : {"text/plain", "text/xml", "application/xml", "application/vnd.x+json",
                           "application/cloudevents-batch+json", "image/svg+xml"}) {
    INFO(type);
    const Publish publish{.content_type = type, .data = "{\"a\":\"\x01\"}"};
    CHECK((Make(publish)->data_kind == Kind::kText));
    CHECK(Encoded(publish).ends_with(",\"data\":\"{\\\"a\\\":\\\"\\u0001\\\"}\"}"));
  }
}

TEST_CASE("bytes that no string can hold become base64 and lose nothing") {
  const Publish publish{.content_type = "image/png", .data = "\x89PNG\xFF"};
  CHECK((Make(publish)->data_kind == Kind::kBinary));
  CHECK(Make(publish)->data.view() == "\x89PNG\xFF");
  CHECK(Encoded(publish).ends_with(",\"data_base64\":\"iVBOR/8=\"}"));
  const Publish lenient{
      .content_type = "application/json", .data = "\x89PNG\xFF", .strictness = Strictness::kDapr};
  CHECK((Make(lenient)->data_kind == Kind::kBinary));
}

TEST_CASE("data is shared with the publisher's buffer") {
  const Publication publication{"messages", "orders", "text/plain", Buffer::CopyOf("hello")};
  const auto event = MakeEvent(publication, {}, Publisher{.app_id = "shop", .random = kDrawn});
  CHECK((event->data.data() == publication.data.data()));
}

TEST_CASE("a ttl becomes an expiration unless the broker has one of its own") {
  CHECK(Make({.metadata = {{"ttlInSeconds", "60"}}})->expiration == "2026-01-02T03:05:06Z");
  CHECK(Make({.metadata = {{"ttl", "1h"}}})->expiration == "2026-01-02T04:04:06Z");
  CHECK(Make({.metadata = {{"ttl", "322ms"}}})->expiration == "2026-01-02T03:04:06Z");
  CHECK(Make({.metadata = {{"ttl", "1ns"}}})->expiration == "2026-01-02T03:04:06Z");
  CHECK(Make({.metadata = {{"ttl", "2562047h"}}})->expiration == "2262-04-11T23:47:16Z");
  CHECK(IsAbsent(Make({.metadata = {{"ttl", "1h"}}, .has_native_ttl = true})->expiration));
}

TEST_CASE("an attribute that is not UTF-8 is refused with its name and place") {
  const auto event = Make({.metadata = {{"cloudevent.subject", "ab\xFF"}}});
  REQUIRE(IsInvalidArgument(event.status()));
  CHECK(event.status().message() ==
        "the CloudEvent's attribute \"subject\" is not UTF-8 at its byte 2");
  CHECK(IsInvalidArgument(Make({.content_type = "\xC3"}).status()));
}

TEST_CASE("an own event keeps what it has and is told where it goes") {
  const Publish publish{
      .content_type = "application/cloudevents+json; charset=utf-8",
      .data =
          R"({"specversion":"1.0","id":"7","type":"order.made","source":"till","subject":"o-1",)"
          R"("time":"2020-01-01T00:00:00Z","traceid":"t","traceparent":"p","tracestate":"s",)"
          R"("topic":"other","pubsubname":"other","priority":3,"colour":"r\u00e9d",)"
          R"("datacontenttype":"application/json","data":{ "a" : 1.0 }})",
      .metadata = {{"cloudevent.id", "not this"}, {"cloudevent.subject", "nor this"}},
      .traceparent = std::string(kParent)};
  CHECK(Encoded(publish) ==
        R"({"id":"7","specversion":"1.0","type":"order.made","source":"till","subject":"o-1",)"
        R"("time":"2020-01-01T00:00:00Z","datacontenttype":"application/json","topic":"orders",)"
        R"("pubsubname":"messages","traceid":"t","traceparent":"p","tracestate":"s",)"
        R"("priority":3,"colour":"r\u00e9d","data":{ "a" : 1.0 }})");
}

TEST_CASE("an own event gets what it lacks but no id") {
  Publish publish{.content_type = "application/cloudevents+json",
                  .data = R"({"id":"7"})",
                  .traceparent = std::string(kParent),
                  .tracestate = "x=1"};
  const auto event = Make(publish);
  REQUIRE(event.ok());
  CHECK(event->source == "Dapr");
  CHECK(event->type == "com.dapr.event.sent");
  CHECK(event->specversion == "1.0");
  CHECK(event->time == "2026-01-02T03:04:05Z");
  CHECK(event->traceid == kParent);
  CHECK(event->traceparent == kParent);
  CHECK(event->tracestate == "x=1");
  CHECK(IsAbsent(event->datacontenttype));
  CHECK((event->data_kind == Kind::kNone));

  publish.data = R"({"id":null})";
  const auto refused = Make(publish);
  REQUIRE(IsInvalidArgument(refused.status()));
  CHECK(std::string(refused.status().message()).find("has no id") != std::string::npos);
  publish.strictness = Strictness::kDapr;
  REQUIRE(Make(publish).ok());
  CHECK(IsAbsent(Make(publish)->id));
}

TEST_CASE("an own event without traceid gets the call's whole trace context") {
  Publish publish{.content_type = "application/cloudevents+json",
                  .data = R"({"id":"7","traceparent":"p","tracestate":"s"})",
                  .traceparent = std::string(kParent),
                  .tracestate = "x=1"};
  const auto event = Make(publish);
  CHECK(event->traceid == kParent);
  CHECK(event->traceparent == kParent);
  CHECK(event->tracestate == "s");
  publish.traceparent = "";
  CHECK(Make(publish)->traceparent == "p");
  CHECK(IsAbsent(Make(publish)->traceid));
}

TEST_CASE("an own event expires like any other") {
  CHECK(Make({.content_type = "application/cloudevents+json",
              .data = R"({"id":"7","expiration":"2020-01-01T00:00:00Z"})",
              .metadata = {{"ttl", "10"}}})
            ->expiration == "2026-01-02T03:04:16Z");
}

TEST_CASE("an own event that is malformed is refused with the place") {
  const auto event = Make({.content_type = "application/cloudevents+json", .data = R"({"id":7})"});
  REQUIRE(IsInvalidArgument(event.status()));
  CHECK(event.status().message() ==
        "the CloudEvent is malformed at byte 6: the attribute \"id\" is a number and must be a "
        "string");
}

}  // namespace
}  // namespace mecha
