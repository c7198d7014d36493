// SPDX-License-Identifier: Apache-2.0
// Feeds the CloudEvents codec with anything, as what a broker delivers and as what a publisher
// gives. What is checked: an error says something; what was taken is written as JSON that another
// parser takes too, and reads back as it was, data byte for byte.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "events/event_encoding.h"
#include "events/event_reader.h"
#include "events/publish_event.h"
#include "events/received_event.h"
#include "support/json_reference.h"

namespace {

using mecha::Buffer;
using mecha::CloudEvent;
using mecha::StatusOr;
using Entries = std::vector<std::pair<std::string_view, std::string_view>>;

constexpr std::array<unsigned char, 16> kRandom = {};

void Demand(bool condition) {
  if (!condition) {
    std::abort();
  }
}

bool AreEqual(const CloudEvent& a, const CloudEvent& b) {
  for (const mecha::EventAttribute& attribute : mecha::kEventAttributes) {
    const std::string_view first = a.*attribute.member;
    const std::string_view second = b.*attribute.member;
    if (first != second || (first.data() == nullptr) != (second.data() == nullptr)) {
      return false;
    }
  }
  if (a.extensions.size() != b.extensions.size()) {
    return false;
  }
  for (size_t i = 0; i < a.extensions.size(); ++i) {
    if (a.extensions[i].name != b.extensions[i].name ||
        a.extensions[i].json != b.extensions[i].json) {
      return false;
    }
  }
  return true;
}

void WriteAndReadBack(const StatusOr<CloudEvent>& event, bool has_same_data) {
  if (!event.ok()) {
    Demand(!event.status().message().empty());
    return;
  }
  const Buffer encoded = mecha::EncodeEvent(*event);
  Demand(mecha::ReferenceIsJson(encoded.view()).value_or(true));
  const StatusOr<CloudEvent> again = mecha::DecodeEvent(encoded.view());
  Demand(again.ok() && AreEqual(*event, *again));
  Demand(!has_same_data ||
         (event->data_kind == again->data_kind && event->data.view() == again->data.view()));
  Demand(mecha::EncodeEvent(*again).view() == encoded.view());
}

void Publish(uint8_t choice, std::string_view head, std::string_view body) {
  constexpr std::array<std::string_view, 5> kTypes = {
      "", "application/json", "application/octet-stream", "application/cloudevents+json", "a/b"};
  const Entries entries = {{"cloudevent.subject", head.substr(0, 20)}, {"ttl", head}};
  auto metadata = mecha::ReadPublishMetadata(entries);
  if (!metadata.ok()) {
    metadata = mecha::ReadPublishMetadata(Entries(entries.begin(), entries.begin() + 1));
  }
  const mecha::Publication publication{.pubsub_name = "p",
                                       .topic = "t",
                                       .content_type = kTypes[choice % kTypes.size()],
                                       .data = Buffer::CopyOf(body)};
  mecha::Publisher publisher{.app_id = "a", .traceparent = "b", .random = kRandom};
  publisher.strictness = choice < 128 ? mecha::Strictness::kStrict : mecha::Strictness::kDapr;
  WriteAndReadBack(mecha::MakeEvent(publication, *metadata, publisher), true);
}

void Receive(uint8_t choice, std::string_view head, std::string_view body) {
  const std::string text(head);
  const std::pair<std::string, std::string> entries[] = {
      {"content-type", "application/octet-stream"},
      {"ce_id", text},
      {text, "x"},
      {"ce_datacontenttype", text.substr(text.size() / 2)}};
  const mecha::ReceivedMessage message{.data = Buffer::CopyOf(body),
                                       .content_type = {},
                                       .metadata = std::span(entries).first(4 - choice % 2)};
  const StatusOr<CloudEvent> event = mecha::ReadEvent(message);
  WriteAndReadBack(event, false);
  Demand(!event.ok() || event->data.view() == body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const StatusOr<CloudEvent> event = mecha::DecodeEvent(bytes);
  WriteAndReadBack(event, true);
  Demand(!event.ok() || (mecha::ReferenceIsJson(bytes).value_or(true) &&
                         !mecha::HasExpired(*event, mecha::WallTime::min())));
  if (size > 0) {
    const size_t head = std::min<size_t>(size - 1, data[0] % 32);
    Publish(data[0], bytes.substr(1, head), bytes.substr(1 + head));
    Receive(data[0], bytes.substr(1, head), bytes.substr(1 + head));
    Publish(data[0], "5", bytes);
  }
  return 0;
}
