// SPDX-License-Identifier: Apache-2.0
#include "connection_string.h"

#include <algorithm>
#include <optional>

#include "encoding/ascii.h"
#include "encoding/hex.h"
#include "result/status.h"

namespace MECHA_COMPONENT {
namespace {

constexpr std::string_view kSpaces = " \t\r\n\f\v";

Status Malformed(std::string_view what) {
  return InvalidArgument("connectionString: " + std::string(what) +
                         "; write host=localhost user=me dbname=orders, or "
                         "postgres://me@localhost:5432/orders");
}

std::string KnownName(std::string_view name) {
  const std::string lower = ToLower(name);
  return lower == "database" ? "dbname" : lower;
}

// Reads a value, quoted or not, from the start of `text` and removes it.
std::optional<std::string> TakeValue(std::string_view* text) {
  const bool is_quoted = text->starts_with('\'');
  size_t at = is_quoted ? 1 : 0;
  std::string value;
  for (; at < text->size(); ++at) {
    char c = (*text)[at];
    if (is_quoted ? c == '\'' : kSpaces.find(c) != kSpaces.npos) {
      break;
    }
    if (c == '\\' && at + 1 < text->size()) {
      c = (*text)[++at];
    }
    value += c;
  }
  if (is_quoted && at == text->size()) {
    return std::nullopt;
  }
  text->remove_prefix(is_quoted ? at + 1 : at);
  return value;
}

void SkipSpaces(std::string_view* text) {
  text->remove_prefix(std::min(text->find_first_not_of(kSpaces), text->size()));
}

StatusOr<ConnectionWords> ParseKeywords(std::string_view text) {
  ConnectionWords words;
  for (SkipSpaces(&text); !text.empty(); SkipSpaces(&text)) {
    const size_t end = text.find('=');
    if (end == text.npos) {
      return Malformed("a keyword has no \"=\"");
    }
    std::string_view name = text.substr(0, end);
    name = name.substr(0, name.find_last_not_of(kSpaces) + 1);
    if (name.empty() || name.find_first_of(kSpaces) != name.npos) {
      return Malformed("a keyword has no \"=\"");
    }
    text.remove_prefix(end + 1);
    SkipSpaces(&text);
    auto value = TakeValue(&text);
    if (!value.has_value()) {
      return Malformed("a quote is not closed");
    }
    words[KnownName(name)] = *std::move(value);
  }
  return words;
}

std::optional<std::string> PercentDecoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size()) {
      return std::nullopt;
    }
    const int high = HexDigit(text[i + 1]);
    const int low = HexDigit(text[i + 2]);
    if (high < 0 || low < 0 || (high == 0 && low == 0)) {
      return std::nullopt;
    }
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

// The part of `text` before `mark`; removes it and the mark. All of it when there is none.
std::string_view TakeUntil(std::string_view* text, char mark) {
  const size_t end = text->find(mark);
  const std::string_view part = text->substr(0, end);
  text->remove_prefix(end == text->npos ? text->size() : end + 1);
  return part;
}

bool Store(ConnectionWords& words, std::string_view name, std::string_view text) {
  auto value = PercentDecoded(text);
  if (!value.has_value()) {
    return false;
  }
  words[std::string(name)] = *std::move(value);
  return true;
}

// "host:port,[::1]:port": as two lists.
bool StoreHosts(ConnectionWords& words, std::string_view text) {
  std::string hosts;
  std::string ports;
  while (!text.empty()) {
    std::string_view one = TakeUntil(&text, ',');
    std::string_view host;
    if (one.starts_with('[')) {
      one.remove_prefix(1);
      host = TakeUntil(&one, ']');
      one.remove_prefix(one.starts_with(':') ? 1 : 0);
    } else {
      host = TakeUntil(&one, ':');
    }
    const std::string_view comma = hosts.empty() && ports.empty() ? "" : ",";
    hosts.append(comma).append(host);
    ports.append(comma).append(one);
  }
  const bool has_ports = ports.find_first_not_of(',') != ports.npos;
  return (hosts.empty() || Store(words, "host", hosts)) &&
         (!has_ports || Store(words, "port", ports));
}

bool StoreLogin(ConnectionWords& words, std::string_view login) {
  const std::string_view user = TakeUntil(&login, ':');
  return (user.empty() || Store(words, "user", user)) &&
         (login.empty() || Store(words, "password", login));
}

StatusOr<ConnectionWords> ParseUrl(std::string_view rest) {
  ConnectionWords words;
  std::string_view place = rest.substr(0, rest.find('?'));
  std::string_view query = rest.substr(std::min(place.size() + 1, rest.size()));
  std::string_view authority = TakeUntil(&place, '/');
  const size_t at = authority.rfind('@');
  bool is_good = true;
  if (at != authority.npos) {
    is_good = StoreLogin(words, authority.substr(0, at));
    authority.remove_prefix(at + 1);
  }
  is_good =
      is_good && StoreHosts(words, authority) && (place.empty() || Store(words, "dbname", place));
  while (is_good && !query.empty()) {
    std::string_view value = TakeUntil(&query, '&');
    const auto name = PercentDecoded(TakeUntil(&value, '='));
    is_good = name.has_value() && Store(words, KnownName(*name), value);
  }
  return is_good ? StatusOr<ConnectionWords>(std::move(words))
                 : Malformed("the URL has a \"%\" that is not followed by two hexadecimal digits");
}

}  // namespace

StatusOr<ConnectionWords> ParseConnectionString(std::string_view text) {
  for (const std::string_view scheme : {"postgres://", "postgresql://"}) {
    if (text.starts_with(scheme)) {
      return ParseUrl(text.substr(scheme.size()));
    }
  }
  return ParseKeywords(text);
}

std::string QuotedWord(std::string_view value) {
  std::string quoted = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') {
      quoted += '\\';
    }
    quoted += c;
  }
  return quoted + "'";
}

}  // namespace MECHA_COMPONENT
