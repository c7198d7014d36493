// SPDX-License-Identifier: Apache-2.0
// BrokerClient: mecha_publish for one component, with answers as plain values. It owns nothing and
// adds no meaning; any thread may use it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conformance/client/answer.h"

namespace conformance {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// The two views of each pair; `pairs` must outlive them.
std::vector<mecha_kv> KeyValues(const Pairs& pairs);

struct Outgoing {
  std::string data = {};
  std::string content_type = {};
  std::string key = {};
  std::string id = {};
  Pairs metadata = {};
  int64_t ttl_ms = 0;
  bool is_raw = false;
};

inline Outgoing Text(std::string_view data) { return {.data = std::string(data)}; }
inline Outgoing Keyed(std::string_view key, std::string_view data) {
  return {.data = std::string(data), .key = std::string(key)};
}

class BrokerClient {
 public:
  BrokerClient(mecha_runtime* runtime, std::string component)
      : runtime_(runtime), component_(std::move(component)) {}

  Answer Publish(std::string_view topic, const Outgoing& message,
                 const mecha_call* call = nullptr) const {
    return PublishMany(topic, {message}, call);
  }
  Answer Publish(std::string_view topic, std::string_view data) const {
    return Publish(topic, Text(data));
  }
  Answer PublishMany(std::string_view topic, const std::vector<Outgoing>& messages,
                     const mecha_call* call = nullptr) const;
  // One after the other, as text; false when one was refused.
  bool PublishAll(std::string_view topic, const std::vector<std::string>& texts) const;

 private:
  mecha_runtime* runtime_;
  std::string component_;
};

}  // namespace conformance
