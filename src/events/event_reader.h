// SPDX-License-Identifier: Apache-2.0
// A CloudEvent from its JSON (CloudEvents 1.0, structured mode), as whoever wrote it meant it: what
// is absent stays absent. Filling in is for publish_event.h and received_event.h.
#pragma once

#include <array>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contract/cloud_event.h"
#include "encoding/json_scanner.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha {

// Objects and arrays may be nested so deeply: as much as Go's JSON reader takes.
inline constexpr size_t kDeepestEvent = 10'000;

// INVALID_ARGUMENT, with the byte where it is, when `bytes` are no JSON object, an attribute is
// there twice or of a wrong kind, or data_base64 is not base64. An attribute that is null is
// absent. JSON data is kept as it is written; of other content types a string becomes text.
StatusOr<CloudEvent> DecodeEvent(std::string_view bytes);

// The same in steps, for those who change the event before it owns its text: its views point into
// the bytes and the reader. One thread; for one event.
class EventReader {
 public:
  // The event's bytes come from `pool`, if there is one.
  explicit EventReader(BlockPool* pool = nullptr) : pool_(pool) {}

  Status Read(std::string_view bytes);
  CloudEvent& event() { return event_; }

 private:
  struct Member {
    std::string_view name;
    JsonValue value;
  };
  static constexpr size_t kData = std::size(kEventAttributes);
  static constexpr size_t kDataBase64 = kData + 1;
  static constexpr size_t kNames = kDataBase64 + 1;

  Status Malformed(const char* at, std::string_view what) const;
  Status MalformedHere(const JsonScanner& scanner, std::string_view what) const;
  Status ReadMember(JsonScanner& scanner);
  Status TakeMember(const Member& member);
  Status TakeAttribute(size_t index, const JsonValue& value);
  Status CheckExtensions() const;
  Status TakeData();
  Status TakeBinary(const JsonValue& value);
  std::string_view TextOf(const JsonValue& string);
  size_t IndexOf(std::string_view name);

  BlockPool* const pool_;
  std::string_view bytes_;
  CloudEvent event_;
  std::array<JsonValue, kNames> known_{};  // by kEventAttributes, then data and data_base64
  std::vector<CloudEvent::Extension> extensions_;
  std::string unescaped_;  // reserved once: views point into it
  size_t expected_ = 0;    // the name that mostly comes next
};

}  // namespace mecha
