// SPDX-License-Identifier: Apache-2.0
#include "conformance/client/broker_client.h"

#include <algorithm>

namespace conformance {

std::vector<mecha_kv> KeyValues(const Pairs& pairs) {
  std::vector<mecha_kv> views;
  for (const auto& [key, value] : pairs) {
    views.push_back({ViewOf(key), ViewOf(value)});
  }
  return views;
}

Answer BrokerClient::PublishMany(std::string_view topic, const std::vector<Outgoing>& messages,
                                 const mecha_call* call) const {
  std::vector<std::vector<mecha_kv>> metadata;
  for (const Outgoing& message : messages) {
    metadata.push_back(KeyValues(message.metadata));
  }
  std::vector<mecha_message> raw(messages.size());
  for (size_t i = 0; i < messages.size(); ++i) {
    const Outgoing& message = messages[i];
    raw[i].data = {message.data.data(), message.data.size(), nullptr, nullptr};
    raw[i].content_type = OptionalView(message.content_type);
    raw[i].id = OptionalView(message.id);
    raw[i].key = OptionalView(message.key);
    raw[i].metadata = metadata[i].data();
    raw[i].metadata_count = metadata[i].size();
    raw[i].ttl_ms = message.ttl_ms;
    raw[i].flags = message.is_raw ? uint32_t{MECHA_MESSAGE_RAW} : 0;
  }
  mecha_result* result = nullptr;
  const mecha_status status = mecha_publish(runtime_, call, ViewOf(component_), ViewOf(topic),
                                            raw.data(), raw.size(), nullptr, &result);
  return TakeAnswer(status, result);
}

bool BrokerClient::PublishAll(std::string_view topic, const std::vector<std::string>& texts) const {
  return std::ranges::all_of(texts,
                             [&](const std::string& text) { return Publish(topic, text).ok(); });
}

}  // namespace conformance
