// SPDX-License-Identifier: Apache-2.0
// QueueUnderTest: a started component on a queue file, with plain functions for what a test does
// with it. Two of them on one file are as two processes. For the tests of this folder.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contract/component_info.h"
#include "encoding/ascii.h"
#include "sqlite_pub_sub.h"
#include "support/catch.h"
#include "support/feed_recorder.h"
#include "support/pub_sub_user.h"
#include "support/raw_database.h"
#include "support/test_host.h"

namespace MECHA_COMPONENT {

extern const ComponentInfo kComponentInfo;

using test::Awaited;
using test::DoneWith;
using test::FeedRecorder;
using test::MessageOf;
using test::PrivateFolder;
using test::PubSubUser;
using test::RawDatabase;
using test::ReturnOf;
using test::TestCall;

using Fields = std::map<std::string, std::string>;

inline Settings SettingsOf(const Fields& fields) {
  std::map<std::string, Settings::Value, std::less<>> values;
  for (const FieldInfo& field : kComponentInfo.fields) {
    if (!field.default_text.empty()) {
      values[ToLower(field.name)].text = field.default_text;
    }
  }
  for (const auto& [name, text] : fields) {
    values[ToLower(name)].text = text;
  }
  return Settings({.name = "queue"}, std::move(values));
}

inline Status TryInit(const Fields& fields) {
  test::TestHost host;
  const Settings settings = SettingsOf(fields);
  SqlitePubSub broker;
  const TestCall call;
  return broker.Init(call.context, settings, host);
}

class QueueUnderTest {
 public:
  QueueUnderTest(const std::string& file, test::TestHost& host, Fields fields = {})
      : fields_(std::move(fields)) {
    fields_.emplace("connectionString", file);
    // A power cut is no part of these tests; waiting for the disk is most of their time.
    fields_.emplace("synchronous", "off");
    settings_.emplace(SettingsOf(fields_));
    const TestCall call;
    const Status status = broker_.Init(call.context, *settings_, host);
    INFO(status.message());
    REQUIRE(status.ok());
  }

  PubSubUser& user() { return user_; }
  SqlitePubSub& broker() { return broker_; }

 private:
  Fields fields_;
  std::optional<Settings> settings_;
  SqlitePubSub broker_;
  PubSubUser user_{broker_};
};

// A feed and who listens to it; stopped and destroyed in the end.
class Consumer {
 public:
  Consumer(QueueUnderTest& queue, std::string_view topic, std::string_view group,
           size_t credit = 0) {
    auto subscribed = queue.user().Subscribe(topic, group, recorder);
    INFO(subscribed.status().message());
    REQUIRE(subscribed.ok());
    feed = *std::move(subscribed);
    if (credit != 0) {
      Request(credit);
    }
  }
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;
  ~Consumer() { End(); }

  void Request(size_t more) { recorder.Request(*feed, more); }
  Status Settle(const Settlement& settlement) const {
    return PubSubUser::Settle(*feed, settlement);
  }
  void End() {
    if (feed != nullptr) {
      CHECK(PubSubUser::End(feed, recorder).ok());
      CHECK(recorder.Complaints() == "");
    }
  }

  FeedRecorder recorder;
  std::unique_ptr<Feed> feed;
};

}  // namespace MECHA_COMPONENT
