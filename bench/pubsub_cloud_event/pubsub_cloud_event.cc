// SPDX-License-Identifier: Apache-2.0
// What does a CloudEvent with 1 KB of data cost: making it, writing it as JSON and reading it,
// finding its route? The peer is nlohmann-json with the same envelope as a tree, whose data must be
// parsed too, and which does less: it checks nothing of an event.
//   pubsub_cloud_event [--json FILE]
#include <array>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "events/event_encoding.h"
#include "events/event_reader.h"
#include "events/publish_event.h"
#include "pubsub/topic_router.h"
#include "support/comparison.h"
#include "support/report.h"

namespace {

using bench::Plan;
using mecha::Buffer;
using mecha::CloudEvent;
using Json = nlohmann::ordered_json;

constexpr Plan kPlan{.operations = 500, .per_sample = 20, .pairs = 11};
constexpr std::string_view kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr const char* kPeer = "nlohmann-json";

void Demand(bool condition, const char* what) {
  if (!condition) {
    std::fprintf(stderr, "pubsub_cloud_event: %s\n", what);
    std::exit(2);
  }
}

// The compiler must not find out that nobody reads `value`.
template <class T>
void Keep(const T& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

// An order of about 1 KB: many short strings and numbers.
std::string Order() {
  Json order = {{"order", 4711}, {"customer", "Zo\u00eb \"Z\" M."}, {"express", true}};
  for (int i = 0; order.dump().size() < 1000; ++i) {
    order["items"].push_back({{"sku", "article-" + std::to_string(i)},
                              {"count", i},
                              {"price", 19.9 + i},
                              {"gift", nullptr}});
  }
  return order.dump();
}

CloudEvent Make(std::string_view content_type, const Buffer& data) {
  static constexpr std::array<unsigned char, 16> kRandom = {1, 2, 3};
  const auto event = mecha::MakeEvent(
      {.pubsub_name = "messages", .topic = "orders", .content_type = content_type, .data = data},
      mecha::PublishMetadata(),
      {.app_id = "shop",
       .traceparent = kParent,
       .now = mecha::WallTime(std::chrono::seconds(1'700'000'000)),
       .random = kRandom});
  Demand(event.ok(), "no event was made");
  return *event;
}

void MeasureMaking(bench::Report& report) {
  const Buffer text = Buffer::CopyOf(std::string(1024, 'x'));
  const Buffer order = Buffer::CopyOf(Order());
  const Buffer nothing;
  const CloudEvent event = Make("text/plain", text);
  const auto make = [](const char* type, const Buffer& data) {
    return [type, &data](size_t) { Keep(Make(type, data)); };
  };
  const auto peer = [](std::string_view data, bool is_json) {
    return [data, is_json](size_t) {
      Json envelope = {{"id", "01020300-0000-4000-8000-000000000000"},
                       {"specversion", "1.0"},
                       {"type", "com.dapr.event.sent"},
                       {"source", "shop"},
                       {"time", "2023-11-14T22:13:20Z"},
                       {"datacontenttype", "text/plain"},
                       {"topic", "orders"},
                       {"pubsubname", "messages"},
                       {"traceid", kParent},
                       {"traceparent", kParent},
                       {"tracestate", ""}};
      envelope["data"] = is_json ? Json::parse(data) : Json(data);
      Keep(envelope);
    };
  };
  report.Add("make an event without data", "mecha", kPeer,
             bench::Compare(kPlan, make("text/plain", nothing), peer("", false)),
             {.most_p50_us = 0.25});
  report.Add("make an event of 1 KB of text", "mecha", kPeer,
             bench::Compare(kPlan, make("text/plain", text), peer(text.view(), false)));
  report.Add("make an event of 1 KB of JSON", "mecha", kPeer,
             bench::Compare(kPlan, make("application/json", order), peer(order.view(), true)));
  report.Add(
      "copy an event", "mecha", kPeer,
      bench::Compare(
          kPlan, [&](size_t) { Keep(CloudEvent(event)); },
          [tree = Json::parse(mecha::EncodeEvent(event).view())](size_t) { Keep(Json(tree)); }));
}

void MeasureCodec(bench::Report& report, const std::string& name, const CloudEvent& event,
                  bool has_target) {
  const Buffer encoded = mecha::EncodeEvent(event);
  const Json tree = Json::parse(encoded.view());
  const auto decoded = mecha::DecodeEvent(encoded.view());
  Demand(decoded.ok() && decoded->data.view() == event.data.view(), "an event reads back changed");
  const auto dump = [&](size_t) { Keep(tree.dump()); };
  const auto parse = [&](size_t) { Keep(Json::parse(encoded.view())); };
  report.Add("encode " + name, "mecha", kPeer,
             bench::Compare(
                 kPlan, [&](size_t) { Keep(mecha::EncodeEvent(event)); }, dump),
             {.most_p50_us = has_target ? 1.0 : 0});
  report.Add("decode " + name, "mecha", kPeer,
             bench::Compare(
                 kPlan, [&](size_t) { Keep(mecha::DecodeEvent(encoded.view())); }, parse),
             {.most_p50_us = has_target ? 1.5 : 0});
  if (has_target) {
    report.Add("decode " + name + ", peer against itself", kPeer, std::string(kPeer) + " again",
               bench::Compare(kPlan, parse, parse));
  }
}

// Five rules, of which the last one matches.
void MeasureRouting(bench::Report& report) {
  const CloudEvent event = Make("application/json", Buffer::CopyOf(Order()));
  const auto compare = [&](const std::string& row, const std::string& rule, const std::string& last,
                           const auto& peer) {
    mecha::SubscriptionSpec spec;
    for (int i = 0; i < 4; ++i) {
      spec.rules.push_back({rule + std::to_string(i) + "'", "/other", {}});
    }
    spec.rules.push_back({last, "/wanted", {}});
    mecha::Findings findings(mecha::Strictness::kStrict);
    const auto router = mecha::TopicRouter::Create(spec, findings);
    Demand(router.has_value(), "the rules do not compile");
    const auto path = router->Route(event);
    Demand(path.ok() && *path == "/wanted", "the event goes another way");
    report.Add(
        row, "mecha", "by hand",
        bench::Compare(
            kPlan, [&](size_t) { Keep(router->Route(event)); }, [&](size_t) { Keep(peer()); }));
  };
  compare("route by an attribute, 5 rules", "event.type == 'com.dapr.event.sent.",
          "event.type.startsWith('com.dapr.')",
          [&] { return event.type.starts_with("com.dapr."); });
  compare("route by 1 KB of JSON data, 5 rules", "event.data.customer == 'customer ",
          "event.data.order > 4000 && event.data.items.size() > 3", [&] {
            const Json data = Json::parse(event.data.view());
            return data["order"] > 4000 && data["items"].size() > 3;
          });
}

}  // namespace

int main(int argc, char** argv) {
  bench::Report report("pubsub_cloud_event",
                       "What does a CloudEvent of 1 KB cost: making it, writing it as JSON and "
                       "reading it, routing it?");
  MeasureMaking(report);
  MeasureCodec(report, "1 KB of JSON", Make("application/json", Buffer::CopyOf(Order())), true);
  MeasureCodec(report, "1 KB of text", Make("text/plain", Buffer::CopyOf(std::string(1024, 'x'))),
               false);
  MeasureCodec(report, "1 KB of bytes",
               Make("application/octet-stream", Buffer::CopyOf(std::string(1024, '\xFF'))), false);
  MeasureRouting(report);
  report.AddNote("Routes by hand: one comparison in C++, after nlohmann-json has read the data.");
  report.AddNote("One thread. Making includes the UUID; random bytes are given.");
  report.AddNote("Making and reading JSON data checks all of it; it is copied as it is written.");
  return report.Finish(argc, argv);
}
