// SPDX-License-Identifier: Apache-2.0
// BrokerWorld: a back-end and a runtime with the broker under test, named "broker": what most tests
// need. Failing to start fails the test.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "conformance/client/broker_client.h"
#include "conformance/client/subscriber.h"
#include "conformance/test_runtime.h"

namespace conformance {

inline RuntimeSetup BrokerSetup(std::string app_id = "app") {
  RuntimeSetup setup;
  setup.app_id = std::move(app_id);
  setup.component = "broker";
  return setup;
}

class BrokerRuntime : public TestRuntime {
 public:
  explicit BrokerRuntime(const BackEnd& back_end, const RuntimeSetup& setup = BrokerSetup())
      : TestRuntime(back_end, setup) {}

  BrokerClient client() const { return {get(), "broker"}; }
};

struct BrokerWorld {
  explicit BrokerWorld(const RuntimeSetup& setup = BrokerSetup()) : runtime(back_end, setup) {}

  BackEnd back_end;
  BrokerRuntime runtime;
  BrokerClient broker = runtime.client();
};

// Quick redelivery, `attempts` handlings in all.
inline Pairs Redelivery(int attempts, std::string_view interval = "5ms") {
  return {{"redeliveryAttempts", std::to_string(attempts)},
          {"redeliveryInterval", std::string(interval)},
          {"redeliveryMaxInterval", std::string(interval)}};
}

// The topic, with messages that come again at once.
inline ServeSetup QuickTopic(std::string_view topic) {
  ServeSetup setup = Topic(topic);
  setup.settings = Redelivery(100);
  return setup;
}

// A subscription with a dead-letter topic, quick to give up.
inline ServeSetup WithDeadLetters(const std::string& topic, const std::string& dead_letters,
                                  int attempts) {
  const nlohmann::json spec = {{"pubsubname", "broker"},
                               {"topic", topic},
                               {"deadLetterTopic", dead_letters},
                               {"metadata", nlohmann::json(std::map<std::string, std::string>{
                                                {"redeliveryAttempts", std::to_string(attempts)},
                                                {"redeliveryInterval", "5ms"},
                                                {"redeliveryMaxInterval", "5ms"}})}};
  ServeSetup setup;
  setup.spec = spec.dump();
  return setup;
}

}  // namespace conformance
