// SPDX-License-Identifier: Apache-2.0
#include "etcd_value.h"

#include <chrono>

#include "encoding/base64.h"
#include "result/status.h"

namespace MECHA_COMPONENT {
namespace {

constexpr uint64_t kData = 1;
constexpr uint64_t kWritten = 2;
constexpr uint64_t kTtl = 3;
enum WireType : uint64_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

void AddVarint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) {
    out += static_cast<char>(value | 0x80);
  }
  out += static_cast<char>(value);
}

void AddField(std::string& out, uint64_t field, std::string_view bytes) {
  AddVarint(out, field << 3 | kBytes);
  AddVarint(out, bytes.size());
  out += bytes;
}

// Timestamp and Duration look alike; proto3 leaves out zeros.
std::string TimeMessage(int64_t seconds, int64_t nanoseconds) {
  std::string message;
  const int64_t parts[] = {seconds, nanoseconds};
  for (uint64_t field = 1; field <= 2; ++field) {
    if (parts[field - 1] != 0) {
      AddVarint(message, field << 3 | kVarint);
      AddVarint(message, static_cast<uint64_t>(parts[field - 1]));
    }
  }
  return message;
}

// Reads a message field by field.
class FieldReader {
 public:
  explicit FieldReader(std::string_view rest) : rest_(rest) {}

  // False at the end, and when the bytes are no message.
  bool Next() {
    if (rest_.empty() || !is_sound_) {
      return false;
    }
    const uint64_t tag = TakeVarint();
    field_ = tag >> 3;
    number_ = 0;
    bytes_ = {};
    switch (tag & 7) {
      case kVarint:
        number_ = TakeVarint();
        break;
      case kBytes:
        bytes_ = Take(TakeVarint());
        break;
      case kFixed64:
        Take(8);
        break;
      case kFixed32:
        Take(4);
        break;
      default:
        is_sound_ = false;
    }
    return is_sound_;
  }
  bool is_sound() const { return is_sound_; }
  uint64_t field() const { return field_; }
  uint64_t number() const { return number_; }
  std::string_view bytes() const { return bytes_; }

 private:
  uint64_t TakeVarint() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) {
        break;
      }
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) {
        return value;
      }
    }
    is_sound_ = false;
    return 0;
  }
  std::string_view Take(uint64_t size) {
    if (size > rest_.size()) {
      is_sound_ = false;
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
  bool is_sound_ = true;
  uint64_t field_ = 0;
  uint64_t number_ = 0;
  std::string_view bytes_;
};

// Both parts as they stand in the message.
struct Span {
  int64_t seconds = 0;
  int64_t nanoseconds = 0;
};

Span ReadTime(std::string_view message) {
  Span span;
  for (FieldReader reader(message); reader.Next();) {
    if (reader.field() == 1) {
      span.seconds = static_cast<int64_t>(reader.number());
    } else if (reader.field() == 2) {
      span.nanoseconds = static_cast<int64_t>(reader.number());
    }
  }
  return span;
}

// Nothing when it is further away than a clock can tell.
std::optional<WallTime> MomentOf(const Span& written, const Span& ttl) {
  constexpr int64_t kFarthest = 9'000'000'000;  // seconds; nanoseconds of it fit into 63 bits
  const bool is_near = written.seconds >= 0 && ttl.seconds <= kFarthest &&
                       written.seconds <= kFarthest - ttl.seconds;
  if (!is_near) {
    return std::nullopt;
  }
  const std::chrono::nanoseconds parts(written.nanoseconds % 1'000'000'000);
  return WallTime(std::chrono::duration_cast<WallTime::duration>(
      std::chrono::seconds(written.seconds + ttl.seconds) + parts));
}

Status NoEnvelope() {
  return Status(StatusCode::kDataLoss,
                "the stored value has not the form of v2; it was written with version v1, or by "
                "another program");
}

StatusOr<StateValue> OpenEnvelope(std::string_view message) {
  StateValue value;
  Span written;
  Span ttl;
  std::string_view data;
  FieldReader reader(message);
  while (reader.Next()) {
    if (reader.field() == kData) {
      data = reader.bytes();
    } else if (reader.field() == kWritten) {
      written = ReadTime(reader.bytes());
    } else if (reader.field() == kTtl) {
      ttl = ReadTime(reader.bytes());
    }
  }
  if (!reader.is_sound()) {
    return NoEnvelope();
  }
  value.data = Buffer::CopyOf(data);
  // Dapr writes one of nothing for a value that stays.
  if (ttl.seconds > 0) {
    value.expires = MomentOf(written, ttl);
  }
  return value;
}

}  // namespace

std::string EncodeValue(Layout layout, std::string_view value, WallTime now, int64_t ttl_seconds) {
  if (layout == Layout::kV1) {
    return std::string(value);
  }
  constexpr size_t kAround = 64;
  std::string envelope;
  envelope.reserve(value.size() + kAround);
  if (!value.empty()) {
    AddField(envelope, kData, value);
  }
  const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  AddField(envelope, kWritten, TimeMessage(seconds.count(), (since - seconds).count()));
  if (ttl_seconds != 0) {
    AddField(envelope, kTtl, TimeMessage(ttl_seconds, 0));
  }
  return envelope;
}

StatusOr<StateValue> DecodeValue(Layout layout, std::string_view base64) {
  StateValue value;
  if (layout == Layout::kV2) {
    const std::optional<std::string> envelope = DecodeBase64(base64);
    return envelope.has_value() ? OpenEnvelope(*envelope) : NoEnvelope();
  }
  value.data = Buffer::OfSize(Base64DecodedBound(base64.size()));
  const auto size = DecodeBase64(base64, value.data.mutable_data());
  if (!size.has_value()) {
    return Status(StatusCode::kDataLoss, "the server's answer holds a value that is not base64");
  }
  value.data.Truncate(*size);
  return value;
}

}  // namespace MECHA_COMPONENT
