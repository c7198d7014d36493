// SPDX-License-Identifier: Apache-2.0
// What a CloudEvent holds where nobody said anything else, and the media types that decide how its
// data is written. All of it is Dapr's.
#pragma once

#include <string_view>

namespace mecha {

inline constexpr std::string_view kEventSpecVersion = "1.0";
inline constexpr std::string_view kEventType = "com.dapr.event.sent";
inline constexpr std::string_view kEventSource = "Dapr";

inline constexpr std::string_view kTextType = "text/plain";
inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kBinaryType = "application/octet-stream";
inline constexpr std::string_view kProtobufType = "application/x-protobuf";
inline constexpr std::string_view kEventJsonType = "application/cloudevents+json";
inline constexpr std::string_view kEventProtobufType = "application/cloudevents+protobuf";

}  // namespace mecha
