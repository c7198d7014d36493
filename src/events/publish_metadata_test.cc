// SPDX-License-Identifier: Apache-2.0
#include "events/publish_metadata.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"

namespace mecha {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

StatusOr<PublishMetadata> Read(const Pairs& entries) { return ReadPublishMetadata(entries); }

TEST_CASE("no metadata asks for nothing") {
  const auto read = Read({});
  REQUIRE(read.ok());
  CHECK_FALSE(read->is_raw);
  CHECK_FALSE(read->ttl.has_value());
  CHECK(read->id.empty());
}

TEST_CASE("keys are read in any case and those of the broker are left alone") {
  const auto read = Read({{"CloudEvent.ID", "7"},
                          {"cloudevent.type", "order.made"},
                          {"cloudevent.source", "shop"},
                          {"CLOUDEVENT.SUBJECT", "o-1"},
                          {"cloudevent.traceid", "a"},
                          {"cloudevent.traceParent", "b"},
                          {"cloudevent.tracestate", "c"},
                          {"cloudevent.data", "no"},
                          {"cloudevent.topic", "no"},
                          {"partitionKey", "p"},
                          {"RAWPAYLOAD", "T"},
                          {"TTLInSeconds", "90"}});
  REQUIRE(read.ok());
  CHECK(read->id == "7");
  CHECK(read->type == "order.made");
  CHECK(read->source == "shop");
  CHECK(read->subject == "o-1");
  CHECK(read->traceid == "a");
  CHECK(read->traceparent == "b");
  CHECK(read->tracestate == "c");
  CHECK(read->is_raw);
  CHECK((read->ttl == seconds(90)));
}

TEST_CASE("a ttl is a number of seconds or a Go duration") {
  CHECK((Read({{"ttl", "5"}})->ttl == seconds(5)));
  CHECK((Read({{"ttl", "1h30m"}})->ttl == minutes(90)));
  CHECK((Read({{"ttlinseconds", "250ms"}})->ttl == milliseconds(250)));
  CHECK((Read({{"ttlInSeconds", "7"}, {"ttl", "6"}})->ttl == seconds(6)));
  CHECK_FALSE(Read({{"ttl", ""}})->ttl.has_value());
  for (const char* text :
       {"0", "-1", "-5s", "x", "1.5", "5 s", "99999999999999999999", "300000h5"}) {
    const auto read = Read({{"ttl", text}});
    INFO(text);
    REQUIRE(IsInvalidArgument(read.status()));
    CHECK(std::string(read.status().message()).find(std::string("the metadata ttl is \"") + text) ==
          0);
  }
}

TEST_CASE("rawPayload is a boolean as Go reads it") {
  CHECK_FALSE(Read({{"rawpayload", "false"}})->is_raw);
  CHECK_FALSE(Read({{"rawpayload", ""}})->is_raw);
  CHECK(Read({{"rawpayload", "1"}})->is_raw);
  const auto read = Read({{"rawpayload", "yes"}});
  REQUIRE(IsInvalidArgument(read.status()));
  CHECK(read.status().message() == "the metadata rawPayload is \"yes\"; it must be true or false");
}

}  // namespace
}  // namespace mecha
