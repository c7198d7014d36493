// SPDX-License-Identifier: Apache-2.0
#include "encoding/rfc3339.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "encoding/ascii.h"

namespace mecha {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using std::chrono::sys_days;

constexpr int64_t kSecond = 1'000'000'000;

// "00" to "99".
constexpr std::array<char, 200> kPairs = [] {
  std::array<char, 200> pairs{};
  for (size_t value = 0; value < 100; ++value) {
    pairs[value * 2] = static_cast<char>('0' + value / 10);
    pairs[value * 2 + 1] = static_cast<char>('0' + value % 10);
  }
  return pairs;
}();

// Below 100.
char* WritePair(unsigned value, char* out) {
  std::memcpy(out, &kPairs[value * size_t{2}], 2);
  return out + 2;
}

char* WriteDigits(int64_t value, int width, char* out) {
  for (int at = width - 1; at >= 0; --at, value /= 10) {
    out[at] = static_cast<char>('0' + value % 10);
  }
  return out + width;
}

// Exactly `width` digits off the front, or -1.
int TakeDigits(std::string_view& text, size_t width) {
  if (text.size() < width) {
    return -1;
  }
  int value = 0;
  for (const char c : text.substr(0, width)) {
    if (!IsDigit(c)) {
      return -1;
    }
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(width);
  return value;
}

bool Take(std::string_view& text, char wanted) {
  if (text.empty() || ToLower(text.front()) != ToLower(wanted)) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

std::optional<sys_days> TakeDate(std::string_view& text) {
  const int year = TakeDigits(text, 4);
  const bool has_first_dash = Take(text, '-');
  const int month = TakeDigits(text, 2);
  const bool has_second_dash = Take(text, '-');
  const int day = TakeDigits(text, 2);
  if (year < 0 || month < 0 || day < 0 || !has_first_dash || !has_second_dash) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  return date.ok() ? std::optional(sys_days(date)) : std::nullopt;
}

std::optional<seconds> TakeTimeOfDay(std::string_view& text) {
  const int hour = TakeDigits(text, 2);
  const bool has_first_colon = Take(text, ':');
  const int minute = TakeDigits(text, 2);
  const bool has_second_colon = Take(text, ':');
  const int second = TakeDigits(text, 2);
  if (hour < 0 || minute < 0 || second < 0 || !has_first_colon || !has_second_colon || hour > 23 ||
      minute > 59 || second > 60) {
    return std::nullopt;
  }
  return hours(hour) + minutes(minute) + seconds(second);
}

// ".123", or nothing there at all, which is zero.
std::optional<nanoseconds> TakeFraction(std::string_view& text) {
  if (!Take(text, '.')) {
    return nanoseconds(0);
  }
  if (text.empty() || !IsDigit(text.front())) {
    return std::nullopt;
  }
  int64_t value = 0;
  int64_t place = kSecond / 10;
  for (; !text.empty() && IsDigit(text.front()); text.remove_prefix(1), place /= 10) {
    value += (text.front() - '0') * place;
  }
  return nanoseconds(value);
}

std::optional<seconds> TakeOffset(std::string_view& text) {
  if (Take(text, 'Z')) {
    return seconds(0);
  }
  const bool is_east = Take(text, '+');
  if (!is_east && !Take(text, '-')) {
    return std::nullopt;
  }
  const int hour = TakeDigits(text, 2);
  const bool has_colon = Take(text, ':');
  const int minute = TakeDigits(text, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || !has_colon) {
    return std::nullopt;
  }
  const seconds offset = hours(hour) + minutes(minute);
  return is_east ? offset : -offset;
}

}  // namespace

size_t WriteRfc3339(UtcTime time, char* out) {
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date{day};
  const int64_t ns = (time - day).count();
  const auto second = static_cast<unsigned>(ns / kSecond);
  // What a clock's nanoseconds can hold lies between the years 1677 and 2262.
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  char* at = WritePair(year % 100, WritePair(year / 100, out));
  *at++ = '-';
  at = WritePair(static_cast<unsigned>(date.month()), at);
  *at++ = '-';
  at = WritePair(static_cast<unsigned>(date.day()), at);
  *at++ = 'T';
  at = WritePair(second / 3600, at);
  *at++ = ':';
  at = WritePair(second / 60 % 60, at);
  *at++ = ':';
  at = WritePair(second % 60, at);
  if (const int64_t fraction = ns % kSecond; fraction != 0) {
    *at++ = '.';
    at = WriteDigits(fraction, 9, at);
    while (at[-1] == '0') {
      --at;
    }
  }
  *at++ = 'Z';
  return static_cast<size_t>(at - out);
}

std::string FormatRfc3339(UtcTime time) {
  char text[kRfc3339Most];
  return std::string(text, WriteRfc3339(time, text));
}

std::optional<UtcTime> ParseRfc3339(std::string_view text) {
  const std::optional<sys_days> date = TakeDate(text);
  if (!date.has_value() || !Take(text, 'T')) {
    return std::nullopt;
  }
  const std::optional<seconds> time = TakeTimeOfDay(text);
  const std::optional<nanoseconds> fraction = TakeFraction(text);
  const std::optional<seconds> offset = TakeOffset(text);
  if (!time.has_value() || !fraction.has_value() || !offset.has_value() || !text.empty()) {
    return std::nullopt;
  }
  const seconds since_epoch = date->time_since_epoch() + *time - *offset;
  int64_t ns = 0;
  if (__builtin_mul_overflow(since_epoch.count(), kSecond, &ns) ||
      __builtin_add_overflow(ns, fraction->count(), &ns)) {
    return std::nullopt;
  }
  return UtcTime(nanoseconds(ns));
}

}  // namespace mecha
