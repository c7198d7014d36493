// SPDX-License-Identifier: Apache-2.0
#include "timestamp.h"

#include <algorithm>

#include "encoding/ascii.h"

namespace MECHA_COMPONENT {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_time;
using std::chrono::year;
using std::chrono::year_month_day;

// The last year that a WallTime can hold whole.
constexpr sys_time<seconds> kLatest = std::chrono::sys_days(year(2262) / 1 / 1) - seconds(1);

void WriteDigits(unsigned value, size_t count, char* out) {
  for (size_t i = count; i-- > 0; value /= 10) {
    out[i] = static_cast<char>('0' + value % 10);
  }
}

// The digits at `at`, or a number that is no part of a moment.
int ReadDigits(std::string_view text, size_t at, size_t count) {
  int value = 0;
  for (const char c : text.substr(at, count)) {
    if (!IsDigit(c)) {
      return -1;
    }
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

Timestamp::Timestamp(sys_time<Seconds> time) {
  const auto day = std::chrono::floor<days>(time);
  const year_month_day date(day);
  const auto second = static_cast<unsigned>((time - day).count());
  char* out = text_.data();
  WriteDigits(static_cast<unsigned>(static_cast<int>(date.year())), 4, out);
  WriteDigits(static_cast<unsigned>(date.month()), 2, out + 5);
  WriteDigits(static_cast<unsigned>(date.day()), 2, out + 8);
  WriteDigits(second / 3600, 2, out + 11);
  WriteDigits(second / 60 % 60, 2, out + 14);
  WriteDigits(second % 60, 2, out + 17);
  out[4] = out[7] = '-';
  out[10] = ' ';
  out[13] = out[16] = ':';
}

Timestamp Timestamp::AfterTtl(WallTime time, std::chrono::milliseconds ttl) {
  const auto now = std::chrono::floor<std::chrono::milliseconds>(time);
  if (ttl >= kLatest - now) {
    return Timestamp(kLatest);
  }
  // The nanoseconds that flooring dropped must not make it early.
  const auto exact = now + ttl + (now < time ? std::chrono::milliseconds(1) : ttl.zero());
  return Timestamp(std::chrono::ceil<Seconds>(exact));
}

std::optional<WallTime> ParseTimestamp(std::string_view text) {
  if (text.size() < Timestamp::kSize || text[4] != '-' || text[7] != '-' || text[13] != ':' ||
      text[16] != ':') {
    return std::nullopt;
  }
  const year_month_day date(year(ReadDigits(text, 0, 4)),
                            std::chrono::month(static_cast<unsigned>(ReadDigits(text, 5, 2))),
                            std::chrono::day(static_cast<unsigned>(ReadDigits(text, 8, 2))));
  const int hour = ReadDigits(text, 11, 2);
  const int minute = ReadDigits(text, 14, 2);
  const int second = ReadDigits(text, 17, 2);
  const bool is_moment = date.ok() && hour >= 0 && hour < 24 && minute >= 0 && minute < 60 &&
                         second >= 0 && second < 60;
  if (!is_moment || date.year() < year(1678) || date.year() > year(2261)) {
    return std::nullopt;
  }
  return std::chrono::sys_days(date) + hours(hour) + minutes(minute) + seconds(second);
}

}  // namespace MECHA_COMPONENT
