// SPDX-License-Identifier: Apache-2.0
#include "events/received_event.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "encoding/rfc3339.h"
#include "events/event_encoding.h"
#include "support/catch.h"

namespace mecha {
namespace {

using Kind = CloudEvent::DataKind;
using Entries = std::vector<std::pair<std::string, std::string>>;

StatusOr<CloudEvent> Read(std::string_view data, const Entries& metadata = {}) {
  return ReadEvent({.data = Buffer::CopyOf(data), .content_type = {}, .metadata = metadata});
}

TEST_CASE("trace context comes from the broker's metadata where the event has none") {
  const Entries metadata = {{"TraceParent", "p"}, {"tracestate", "s"}, {"traceid", "t"}};
  const auto bare = Read(R"({"id":"7"})", metadata);
  CHECK(bare->traceid == "t");
  CHECK(bare->traceparent == "p");
  CHECK(bare->tracestate == "s");
  const auto structured = Read(R"({"id":"7","traceparent":"mine","tracestate":""})", metadata);
  CHECK(structured->traceid == "t");
  CHECK(structured->traceparent == "mine");
  CHECK(structured->tracestate.empty());
  CHECK((Read(R"({"id":"7"})", {{"traceid", ""}})->traceid.data() == nullptr));
}

TEST_CASE("a message is read as a structured event unless it says otherwise") {
  const auto event = Read(R"({"id":"7","source":"s","data":{"a":1}})",
                          {{"content-type", "application/cloudevents+json"}, {"ce_id", "8"}});
  REQUIRE(event.ok());
  CHECK(event->id == "7");
  CHECK(event->data.view() == "{\"a\":1}");
  CHECK((event->topic.data() == nullptr));
  const auto malformed = Read("hello");
  REQUIRE(IsInvalidArgument(malformed.status()));
  CHECK(malformed.status().message() ==
        "the CloudEvent is malformed at byte 0: a JSON object was expected");
}

TEST_CASE("in binary mode the attributes are metadata and the data is the bytes") {
  const auto event = Read("{\"id\":\"no\"}", {{"Content-Type", "application/octet-stream"},
                                              {"ce_id", "7"},
                                              {"ce_specversion", "1.0"},
                                              {"CE_Type", "order.made"},
                                              {"ce_source", "till"},
                                              {"ce_subject", ""},
                                              {"ce_colour", "r\"d"},
                                              {"other", "no"},
                                              {"traceparent", "p"}});
  REQUIRE(event.ok());
  CHECK(event->id == "7");
  CHECK(event->specversion == "1.0");
  CHECK(event->type == "order.made");
  CHECK(event->source == "till");
  CHECK((event->subject.data() != nullptr));
  CHECK(event->traceparent == "p");
  CHECK(event->datacontenttype == "application/octet-stream");
  REQUIRE(event->extensions.size() == 1);
  CHECK(event->extensions[0].name == "colour");
  CHECK(event->extensions[0].json == R"("r\"d")");
  CHECK((event->data_kind == Kind::kBinary));
  CHECK(event->data.view() == "{\"id\":\"no\"}");
}

TEST_CASE("a broker that carries content types says binary mode with them") {
  const std::pair<std::string, std::string> metadata[] = {{"ce_id", "7"}};
  const auto event = ReadEvent({.data = Buffer::CopyOf("x"),
                                .content_type = "application/octet-stream",
                                .metadata = metadata});
  REQUIRE(event.ok());
  CHECK(event->id == "7");
}

TEST_CASE("in binary mode a content type among the attributes says what the data is") {
  const auto read = [](const std::string& type, std::string_view data) {
    return *Read(data,
                 {{"content-type", "application/octet-stream"}, {"ce_datacontenttype", type}});
  };
  CHECK((read("application/json", "{}").data_kind == Kind::kJson));
  CHECK((read("application/json", "{").data_kind == Kind::kText));
  CHECK((read("text/plain", "a").data_kind == Kind::kText));
  CHECK((read("text/plain", "\xFF").data_kind == Kind::kBinary));
  CHECK((read("application/octet-stream; x=y", "a").data_kind == Kind::kBinary));
}

TEST_CASE("in binary mode an attribute that is not UTF-8 is refused by name") {
  const auto event =
      Read("x", {{"content-type", "application/octet-stream"}, {"ce_subject", "a\xFF"}});
  REQUIRE(IsInvalidArgument(event.status()));
  CHECK(event.status().message() ==
        "the CloudEvent is malformed: the metadata \"ce_subject\" is not UTF-8 at its byte 1");
}

TEST_CASE("in binary mode data is no attribute and none is there twice") {
  const auto message = [](const Entries& entries) {
    Entries metadata = {{"content-type", "application/octet-stream"}};
    metadata.insert(metadata.end(), entries.begin(), entries.end());
    return std::string(Read("x", metadata).status().message());
  };
  CHECK(message({{"ce_data", "y"}}) ==
        "the CloudEvent is malformed: the metadata \"ce_data\" is no attribute; in binary mode the "
        "data is the message itself");
  CHECK(message({{"ce_data_base64", "y"}}).find("is no attribute") != std::string::npos);
  CHECK(message({{"ce_id", "7"}, {"CE_ID", "8"}}) ==
        "the CloudEvent is malformed: the metadata \"CE_ID\" is there a second time");
  CHECK(message({{"ce_x", "7"}, {"ce_x", "8"}}).find("a second time") != std::string::npos);
}

TEST_CASE("an event has expired once its expiration has passed") {
  const WallTime now = *ParseRfc3339("2026-01-02T03:04:05.5Z");
  const auto expires = [&](const char* text) {
    CloudEvent event;
    event.expiration = text;
    return HasExpired(event, now);
  };
  CHECK(expires("2026-01-02T03:04:05Z"));
  CHECK(expires("2026-01-02T04:04:05+01:00"));
  CHECK_FALSE(expires("2026-01-02T03:04:05.5Z"));
  CHECK_FALSE(expires("2026-01-02T03:04:06Z"));
  CHECK_FALSE(expires("2026-01-01T23:04:06-05:00"));
  CHECK_FALSE(expires(""));
  CHECK_FALSE(expires("yesterday"));
  CHECK_FALSE(HasExpired(CloudEvent(), now));
}

}  // namespace
}  // namespace mecha
