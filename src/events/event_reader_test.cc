// SPDX-License-Identifier: Apache-2.0
#include "events/event_reader.h"

#include <string>
#include <utility>
#include <vector>

#include "events/event_attributes.h"
#include "events/event_encoding.h"
#include "support/catch.h"

namespace mecha {
namespace {

using Kind = CloudEvent::DataKind;

TEST_CASE("every attribute is read and the unknown ones are kept in order") {
  const std::string text =
      R"( {"id":"7","specversion":"1.0","type":"t","source":"s","subject":"","time":"now",)"
      R"("datacontenttype":"text/plain","topic":"orders","pubsubname":"messages","traceid":"a",)"
      R"("traceparent":"b","tracestate":"c","expiration":"d","zeta":[1, 2],"alpha":"x",)"
      R"("data":"hi"} )";
  const auto event = DecodeEvent(text);
  REQUIRE(event.ok());
  CHECK(event->id == "7");
  CHECK(event->specversion == "1.0");
  CHECK(event->type == "t");
  CHECK(event->source == "s");
  CHECK((event->subject.data() != nullptr));
  CHECK(event->subject.empty());
  CHECK(event->time == "now");
  CHECK(event->datacontenttype == "text/plain");
  CHECK(event->topic == "orders");
  CHECK(event->pubsubname == "messages");
  CHECK(event->traceid == "a");
  CHECK(event->traceparent == "b");
  CHECK(event->tracestate == "c");
  CHECK(event->expiration == "d");
  REQUIRE(event->extensions.size() == 2);
  CHECK(event->extensions[0].name == "zeta");
  CHECK(event->extensions[0].json == "[1, 2]");
  CHECK(event->extensions[1].name == "alpha");
  CHECK(event->extensions[1].json == "\"x\"");
  CHECK((event->data_kind == Kind::kText));
  CHECK(event->data.view() == "hi");
  CHECK(std::string(EncodeEvent(*event).view()) == text.substr(1, text.size() - 2));
}

TEST_CASE("an event owns all of its bytes") {
  std::string text = R"({"id":"an id of some length \n","x":"y","data":{"a":1}})";
  const auto event = DecodeEvent(text);
  text.assign(text.size(), '?');
  CHECK(event->id == "an id of some length \n");
  CHECK(event->extensions[0].json == "\"y\"");
  CHECK(event->data.view() == "{\"a\":1}");
}

TEST_CASE("names and texts may be escaped") {
  const auto event =
      DecodeEvent(R"({"\u0069d":"\u00e9\n","da\u0074a":"a\/b","datacontenttype":"text\/plain",)"
                  R"("\u0078":"\"","y\ud83d\ude00":1})");
  REQUIRE(event.ok());
  CHECK(event->id == "\xC3\xA9\n");
  CHECK(event->datacontenttype == "text/plain");
  CHECK(event->data.view() == "a/b");
  REQUIRE(event->extensions.size() == 2);
  CHECK(event->extensions[0].name == "x");
  CHECK(event->extensions[1].name == "y\xF0\x9F\x98\x80");
}

TEST_CASE("what a string in data means depends on the content type") {
  const auto decode = [](const std::string& type) {
    return *DecodeEvent(R"({"data":"\u0041",)" + type + R"("id":"7"})");
  };
  CHECK((decode(R"("datacontenttype":"application/json; a=b",)").data_kind == Kind::kJson));
  CHECK(decode(R"("datacontenttype":"application/json",)").data.view() == R"("\u0041")");
  CHECK((decode("").data_kind == Kind::kJson));
  CHECK((decode(R"("datacontenttype":null,)").data_kind == Kind::kJson));
  for (const char* type : {"text/plain", "application/octet-stream", "application/vnd.x+json"}) {
    const CloudEvent event = decode(std::string(R"("datacontenttype":")") + type + "\",");
    CHECK((event.data_kind == Kind::kText));
    CHECK(event.data.view() == "A");
  }
}

TEST_CASE("data that is no string is kept as it is written") {
  for (const char* json : {"{ \"a\" : 1.10 }", "[1,\n2]", "12345678901234567890", "true", "null"}) {
    for (const char* type : {"application/json", "text/plain"}) {
      const auto event = DecodeEvent(std::string(R"({"datacontenttype":")") + type +
                                     R"(","data": )" + json + " }");
      INFO(json);
      REQUIRE(event.ok());
      CHECK((event->data_kind == Kind::kJson));
      CHECK(event->data.view() == json);
    }
  }
}

TEST_CASE("data_base64 is decoded") {
  const auto event = DecodeEvent(R"({"data_base64":"aGk\u004b\/\/8="})");
  REQUIRE(event.ok());
  CHECK((event->data_kind == Kind::kBinary));
  CHECK(event->data.view() == "hi\n\xFF\xFF");
  CHECK(DecodeEvent(R"({"data_base64":"aGk","data":null})")->data.view() == "hi");
  CHECK((DecodeEvent(R"({"data_base64":null})")->data_kind == Kind::kNone));
  CHECK(DecodeEvent(R"({"data_base64":null,"data":1})")->data.view() == "1");
  CHECK((DecodeEvent("{}")->data_kind == Kind::kNone));
}

TEST_CASE("an attribute that is null is absent") {
  const auto event = DecodeEvent(R"({"id":null,"subject":null,"mine":null})");
  REQUIRE(event.ok());
  CHECK((event->id.data() == nullptr));
  CHECK((event->subject.data() == nullptr));
  CHECK(EncodeEvent(*event).view() == R"({"mine":null})");
}

TEST_CASE("what is malformed is refused with the byte and the reason") {
  const std::pair<std::string, std::string> cases[] = {
      {"", "0: a JSON object was expected"},
      {"  ", "2: a JSON object was expected"},
      {"[]", "0: a JSON object was expected"},
      {"null", "0: a JSON object was expected"},
      {"{", "1: a value was expected"},
      {R"({"id")", "5: ':' was expected"},
      {R"({"id":})", "6: a value was expected"},
      {R"({"id":"7",})", "10: a value was expected"},
      {R"({"id":"7")", "9: ',' or '}' was expected"},
      {R"({"id":"7"]})", "9: ',' or '}' was expected"},
      {R"({"id":"7"}{})", "10: there is more behind the object"},
      {R"({7:"id"})", "1: a name in quotes was expected"},
      {R"({"id":"7","id":"8"})", R"(15: "id" is there a second time)"},
      {R"({"id":null,"id":"8"})", R"(16: "id" is there a second time)"},
      {R"({"data":1,"data":2})", R"(17: "data" is there a second time)"},
      {R"({"a":1,"b":2,"a":3})", R"(17: "a" is there a second time)"},
      {R"({"type":{}})", R"(8: the attribute "type" is an object and must be a string)"},
      {R"({"topic":false})", R"(9: the attribute "topic" is a boolean and must be a string)"},
      {R"({"data":1,"data_base64":"aGk="})", "24: there are both data and data_base64"},
      {R"({"data_base64":1})", "15: data_base64 is a number and must be a string"},
      {R"({"data_base64":"*"})", "15: data_base64 is not base64"},
      {"{\"id\":\"a\xFFz\"}", "8: the string is not UTF-8"},
      {"{\"data\":[1,{\"a\":nul}]}", "16: a value was expected"},
      {"\xEF\xBB\xBF{}", "0: a JSON object was expected"},
  };
  for (const auto& [text, message] : cases) {
    INFO(text);
    const auto event = DecodeEvent(text);
    REQUIRE(IsInvalidArgument(event.status()));
    CHECK(event.status().message() == "the CloudEvent is malformed at byte " + message);
  }
}

TEST_CASE("nesting is limited") {
  const auto nested = [](size_t depth) {
    return "{\"data\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  CHECK(DecodeEvent(nested(kDeepestEvent)).ok());
  const auto event = DecodeEvent(nested(kDeepestEvent + 1));
  REQUIRE(IsInvalidArgument(event.status()));
  CHECK(event.status().message() ==
        "the CloudEvent is malformed at byte 10008: objects and arrays are nested too deeply");
}

TEST_CASE("an event reads back from its JSON as it was") {
  const std::string texts[] = {
      R"({"id":"\"\\\u0000","type":"\u20ac","a b":{"c":[]},"data_base64":"AAEC/w=="})",
      R"({"id":"7","datacontenttype":"text/plain","data":"\ttab \u007f \ud83d\ude00"})",
      R"({"datacontenttype":"application/json","x":"\u0041","data":"\u0041"})",
      "{}",
  };
  for (const std::string& text : texts) {
    INFO(text);
    const auto event = DecodeEvent(text);
    REQUIRE(event.ok());
    const Buffer encoded = EncodeEvent(*event);
    const auto again = DecodeEvent(encoded.view());
    REQUIRE(again.ok());
    CHECK(again->id == event->id);
    CHECK(again->type == event->type);
    CHECK((again->data_kind == event->data_kind));
    CHECK(again->data.view() == event->data.view());
    CHECK(EncodeEvent(*again).view() == encoded.view());
    std::string appended = "before";
    AppendEvent(*event, appended);
    CHECK(appended == "before" + std::string(encoded.view()));
  }
}

TEST_CASE("a handler sees every attribute as text") {
  const auto event = DecodeEvent(
      R"({"id":"7","datacontenttype":"text/plain","subject":"","a":"x\ny","b":[1, 2],"c":null,)"
      R"("d":true,"data":"hi"})");
  std::vector<std::pair<std::string, std::string>> seen;
  std::string scratch;
  VisitAttributes(*event, scratch, [&](std::string_view name, std::string_view value) {
    seen.emplace_back(name, value);
  });
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"id", "7"}, {"subject", ""}, {"a", "x\ny"}, {"b", "[1, 2]"}, {"d", "true"}};
  CHECK((seen == expected));
}

}  // namespace
}  // namespace mecha
