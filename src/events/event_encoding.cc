// SPDX-License-Identifier: Apache-2.0
#include "events/event_encoding.h"

#include <cstring>

#include "encoding/base64.h"
#include "encoding/json.h"

namespace mecha {
namespace {

using Kind = CloudEvent::DataKind;

constexpr std::string_view kDataName = ",\"data\":";
constexpr std::string_view kBinaryName = ",\"data_base64\":\"";

char* Put(std::string_view text, char* out) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

size_t DataSize(const CloudEvent& event) {
  switch (event.data_kind) {
    case Kind::kJson:
      return kDataName.size() + event.data.size();
    case Kind::kText:
      return kDataName.size() + JsonStringSize(event.data.view());
    case Kind::kBinary:
      return kBinaryName.size() + Base64EncodedSize(event.data.size()) + 1;
    case Kind::kNone:
      break;
  }
  return 0;
}

char* WriteData(const CloudEvent& event, char* out) {
  switch (event.data_kind) {
    case Kind::kJson:
      return Put(event.data.view(), Put(kDataName, out));
    case Kind::kText:
      return WriteJsonString(event.data.view(), Put(kDataName, out));
    case Kind::kBinary:
      out = Put(kBinaryName, out);
      EncodeBase64(event.data.view(), out);
      return Put("\"", out + Base64EncodedSize(event.data.size()));
    case Kind::kNone:
      break;
  }
  return out;
}

// Each member counts with a comma before it; the first one's comma becomes the opening brace.
size_t EncodedSize(const CloudEvent& event) {
  size_t size = DataSize(event);
  for (const EventAttribute& attribute : kEventAttributes) {
    if (const std::string_view value = event.*attribute.member; value.data() != nullptr) {
      size += std::strlen(",\"\":") + attribute.name.size() + JsonStringSize(value);
    }
  }
  for (const CloudEvent::Extension& extension : event.extensions) {
    size += std::strlen(",:") + JsonStringSize(extension.name) + extension.json.size();
  }
  return (size == 0 ? 1 : size) + 1;
}

void WriteEvent(const CloudEvent& event, char* out) {
  char* at = out;
  for (const EventAttribute& attribute : kEventAttributes) {
    if (const std::string_view value = event.*attribute.member; value.data() != nullptr) {
      at = Put(",\"", at);
      at = Put(attribute.name, at);
      at = WriteJsonString(value, Put("\":", at));
    }
  }
  for (const CloudEvent::Extension& extension : event.extensions) {
    *at++ = ',';
    at = WriteJsonString(extension.name, at);
    *at++ = ':';
    at = Put(extension.json, at);
  }
  at = WriteData(event, at);
  *(at == out ? ++at : at) = '}';
  *out = '{';
}

}  // namespace

Buffer EncodeEvent(const CloudEvent& event, BlockPool* pool) {
  Buffer encoded = Buffer::OfSize(EncodedSize(event), pool);
  WriteEvent(event, encoded.mutable_data());
  return encoded;
}

void AppendEvent(const CloudEvent& event, std::string& out) {
  const size_t before = out.size();
  out.resize(before + EncodedSize(event));
  WriteEvent(event, out.data() + before);
}

}  // namespace mecha
