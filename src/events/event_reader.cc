// SPDX-License-Identifier: Apache-2.0
#include "events/event_reader.h"

#include <algorithm>

#include "encoding/base64.h"
#include "encoding/media_type.h"
#include "encoding/quoted.h"
#include "events/event_defaults.h"

namespace mecha {
namespace {

// Whether a string in `data` is JSON of its own. CloudEvents says so when there is no content type.
bool IsJsonData(std::string_view content_type) {
  return content_type.empty() || IsMediaType(content_type, kJsonType);
}

}  // namespace

StatusOr<CloudEvent> DecodeEvent(std::string_view bytes) {
  EventReader reader;
  RETURN_IF_ERROR(reader.Read(bytes));
  OwnText(reader.event());
  return std::move(reader.event());
}

Status EventReader::Malformed(const char* at, std::string_view what) const {
  std::string message = "the CloudEvent is malformed at byte ";
  message += std::to_string(at - bytes_.data());
  message += ": ";
  message += what;
  return InvalidArgument(message);
}

Status EventReader::MalformedHere(const JsonScanner& scanner, std::string_view what) const {
  return Malformed(bytes_.data() + scanner.position(), what);
}

Status EventReader::Read(std::string_view bytes) {
  bytes_ = bytes;
  JsonScanner scanner(bytes, kDeepestEvent);
  if (!scanner.Take('{')) {
    return MalformedHere(scanner, "a JSON object was expected");
  }
  if (!scanner.Take('}')) {
    do {
      RETURN_IF_ERROR(ReadMember(scanner));
    } while (scanner.Take(','));
    if (!scanner.Take('}')) {
      return MalformedHere(scanner, "',' or '}' was expected");
    }
  }
  if (!scanner.IsAtEnd()) {
    return MalformedHere(scanner, "there is more behind the object");
  }
  event_.extensions = extensions_;
  RETURN_IF_ERROR(CheckExtensions());
  return TakeData();
}

Status EventReader::ReadMember(JsonScanner& scanner) {
  const std::optional<JsonValue> name = scanner.TakeValue();
  if (!name.has_value()) {
    return MalformedHere(scanner, scanner.error());
  }
  if (name->kind != JsonKind::kString) {
    return Malformed(name->raw.data(), "a name in quotes was expected");
  }
  if (!scanner.Take(':')) {
    return MalformedHere(scanner, "':' was expected");
  }
  const std::optional<JsonValue> value = scanner.TakeValue();
  if (!value.has_value()) {
    return MalformedHere(scanner, scanner.error());
  }
  return TakeMember({TextOf(*name), *value});
}

Status EventReader::TakeMember(const Member& member) {
  const size_t index = IndexOf(member.name);
  if (index == kNames) {
    extensions_.push_back({member.name, member.value.raw});
    return OkStatus();
  }
  if (!known_[index].raw.empty()) {
    return Malformed(member.value.raw.data(), Quoted(member.name) + " is there a second time");
  }
  known_[index] = member.value;
  return index < kData ? TakeAttribute(index, member.value) : OkStatus();
}

Status EventReader::TakeAttribute(size_t index, const JsonValue& value) {
  if (value.kind == JsonKind::kNull) {
    return OkStatus();
  }
  const EventAttribute& attribute = kEventAttributes[index];
  if (value.kind != JsonKind::kString) {
    return Malformed(value.raw.data(), "the attribute " + Quoted(attribute.name) + " is " +
                                           NameOf(value.kind) + " and must be a string");
  }
  event_.*attribute.member = TextOf(value);
  return OkStatus();
}

// Nobody could say which of two values counts.
Status EventReader::CheckExtensions() const {
  if (extensions_.size() < 2) {
    return OkStatus();
  }
  std::vector<std::pair<std::string_view, const char*>> names;
  names.reserve(extensions_.size());
  for (const CloudEvent::Extension& extension : extensions_) {
    names.emplace_back(extension.name, extension.json.data());
  }
  std::ranges::sort(names);
  const auto same = std::ranges::adjacent_find(
      names, [](const auto& a, const auto& b) { return a.first == b.first; });
  return same == names.end()
             ? OkStatus()
             : Malformed((same + 1)->second, Quoted(same->first) + " is there a second time");
}

Status EventReader::TakeData() {
  const JsonValue& data = known_[kData];
  const JsonValue& binary = known_[kDataBase64];
  if (!binary.raw.empty() && binary.kind != JsonKind::kNull) {
    return TakeBinary(binary);
  }
  if (data.raw.empty()) {
    return OkStatus();
  }
  if (data.kind != JsonKind::kString || IsJsonData(event_.datacontenttype)) {
    event_.data_kind = CloudEvent::DataKind::kJson;
    event_.data = Buffer::CopyOf(data.raw, pool_);
    return OkStatus();
  }
  event_.data_kind = CloudEvent::DataKind::kText;
  if (!data.has_escapes) {
    event_.data = Buffer::CopyOf(data.inner(), pool_);
    return OkStatus();
  }
  event_.data = Buffer::OfSize(data.inner().size(), pool_);
  event_.data.Truncate(UnescapeJson(data.inner(), event_.data.mutable_data()));
  return OkStatus();
}

Status EventReader::TakeBinary(const JsonValue& value) {
  if (!known_[kData].raw.empty() && known_[kData].kind != JsonKind::kNull) {
    return Malformed(value.raw.data(), "there are both data and data_base64");
  }
  if (value.kind != JsonKind::kString) {
    return Malformed(value.raw.data(),
                     std::string("data_base64 is ") + NameOf(value.kind) + " and must be a string");
  }
  const std::string_view text = TextOf(value);
  event_.data_kind = CloudEvent::DataKind::kBinary;
  event_.data = Buffer::OfSize(Base64DecodedBound(text.size()), pool_);
  const std::optional<size_t> size = DecodeBase64(text, event_.data.mutable_data());
  if (!size.has_value()) {
    return Malformed(value.raw.data(), "data_base64 is not base64");
  }
  event_.data.Truncate(*size);
  return OkStatus();
}

std::string_view EventReader::TextOf(const JsonValue& string) {
  const std::string_view inner = string.inner();
  if (!string.has_escapes) {
    return inner;
  }
  if (unescaped_.capacity() < bytes_.size()) {
    unescaped_.reserve(bytes_.size());
  }
  const size_t before = unescaped_.size();
  unescaped_.resize(before + inner.size());
  unescaped_.resize(before + UnescapeJson(inner, unescaped_.data() + before));
  return std::string_view(unescaped_).substr(before);
}

// Members mostly come in the order in which they are written here, so the search goes on from the
// last one found.
size_t EventReader::IndexOf(std::string_view name) {
  for (size_t i = 0; i < kNames; ++i) {
    const size_t index = expected_ + i < kNames ? expected_ + i : expected_ + i - kNames;
    const std::string_view known = index == kData         ? std::string_view("data")
                                   : index == kDataBase64 ? std::string_view("data_base64")
                                                          : kEventAttributes[index].name;
    if (known == name) {
      expected_ = index + 1 == kNames ? 0 : index + 1;
      return index;
    }
  }
  return kNames;
}

}  // namespace mecha
