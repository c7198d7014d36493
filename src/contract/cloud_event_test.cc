// SPDX-License-Identifier: Apache-2.0
#include "contract/cloud_event.h"

#include <string>
#include <vector>

#include "support/catch.h"

namespace mecha {
namespace {

CloudEvent Made() {
  std::string id = "an identifier of some length";
  std::vector<CloudEvent::Extension> extensions = {{"priority", "7"}, {"colour", "\"red\""}};
  CloudEvent event;
  event.id = id;
  event.subject = "";
  event.expiration = "2026-01-02T03:04:05Z";
  event.extensions = extensions;
  event.data = Buffer::CopyOf("{}");
  OwnText(event);
  id.assign(id.size(), 'x');
  extensions[0].name = "gone";
  return event;
}

TEST_CASE("an event that owns its text keeps it when its sources are gone") {
  const CloudEvent event = Made();
  CHECK(event.id == "an identifier of some length");
  CHECK(event.expiration == "2026-01-02T03:04:05Z");
  REQUIRE(event.extensions.size() == 2);
  CHECK(event.extensions[0].name == "priority");
  CHECK(event.extensions[0].json == "7");
  CHECK(event.extensions[1].json == "\"red\"");
}

TEST_CASE("an absent attribute stays absent and an empty one stays there") {
  const CloudEvent event = Made();
  CHECK((event.source.data() == nullptr));
  CHECK((event.subject.data() != nullptr));
  CHECK(event.subject.empty());
}

TEST_CASE("a copy shares all bytes and outlives its original") {
  CloudEvent copy;
  {
    const CloudEvent event = Made();
    copy = event;
    CHECK((copy.data.data() == event.data.data()));
    CHECK((copy.id.data() == event.id.data()));
  }
  CHECK(copy.id == "an identifier of some length");
  CHECK(copy.extensions[1].name == "colour");
  copy.topic = "orders";
  OwnText(copy);
  CHECK(copy.topic == "orders");
  CHECK(copy.id == "an identifier of some length");
}

TEST_CASE("a shared event has all of its text with it") {
  std::shared_ptr<const CloudEvent> shared;
  {
    const CloudEvent event = Made();
    shared = ShareEvent(event);
    CHECK((shared->data.data() == event.data.data()));
    CHECK((shared->id.data() != event.id.data()));
  }
  CHECK(shared->id == "an identifier of some length");
  CHECK(shared->expiration == "2026-01-02T03:04:05Z");
  CHECK((shared->source.data() == nullptr));
  CHECK((shared->subject.data() != nullptr));
  REQUIRE(shared->extensions.size() == 2);
  CHECK(shared->extensions[0].name == "priority");
  CHECK(shared->extensions[1].json == "\"red\"");
  const BlockPool::Ptr pool = BlockPool::Create();
  CHECK(ShareEvent(CloudEvent(), pool.get())->extensions.empty());
}

TEST_CASE("an event without any attribute owns an empty text") {
  CloudEvent event;
  OwnText(event);
  CHECK((event.id.data() == nullptr));
  CHECK(event.extensions.empty());
}

}  // namespace
}  // namespace mecha
