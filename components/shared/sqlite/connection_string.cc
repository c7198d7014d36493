// SPDX-License-Identifier: Apache-2.0
#include "sqlite/connection_string.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <system_error>

#include "encoding/ascii.h"
#include "encoding/hex.h"
#include "encoding/nearest_name.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha::components {
namespace {

constexpr std::string_view kParameters[] = {"_pragma", "_txlock", "cache", "immutable",
                                            "mode",    "nolock",  "psow",  "vfs"};
constexpr std::string_view kPragmas[] = {"analysis_limit",
                                         "auto_vacuum",
                                         "automatic_index",
                                         "cache_size",
                                         "cache_spill",
                                         "cell_size_check",
                                         "checkpoint_fullfsync",
                                         "fullfsync",
                                         "journal_size_limit",
                                         "max_page_count",
                                         "mmap_size",
                                         "page_size",
                                         "secure_delete",
                                         "synchronous",
                                         "temp_store",
                                         "threads",
                                         "trusted_schema",
                                         "wal_autocheckpoint"};

struct Replaced {
  std::string_view pragma;
  std::string_view advice;
};
constexpr Replaced kReplacedPragmas[] = {
    {"busy_timeout", "set the field busyTimeout instead"},
    {"journal_mode", "set the field disableWAL instead"},
    {"foreign_keys", "the tables have no foreign keys; leave it out"},
    {"locking_mode", "it would lock out the other connections; leave it out"},
};

Status Refuse(std::string_view what) {
  return InvalidArgument(std::string("connectionString: ").append(what));
}

std::string Quoted(std::string_view text) { return std::string("\"").append(text) += '"'; }

StatusOr<std::string> PercentDecoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = high < 0 ? -1 : HexDigit(text[i + 2]);
    if (low < 0 || (high == 0 && low == 0)) {
      return Refuse(Quoted(text.substr(i, 3)) + " is no encoded byte; write % itself as %25");
    }
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::string PercentEncoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool is_plain = (ToLower(c) >= 'a' && ToLower(c) <= 'z') || IsDigit(c) || c == '/' ||
                          c == '.' || c == '_' || c == '-';
    if (is_plain) {
      encoded += c;
    } else {
      encoded += '%';
      encoded += EncodeHex({&c, 1});
    }
  }
  return encoded;
}

std::optional<bool> ParseFlag(std::string_view value) {
  constexpr std::array<std::string_view, 4> kYes = {"1", "true", "yes", "on"};
  constexpr std::array<std::string_view, 4> kNo = {"0", "false", "no", "off"};
  if (std::find(kYes.begin(), kYes.end(), value) != kYes.end()) {
    return true;
  }
  return std::find(kNo.begin(), kNo.end(), value) != kNo.end() ? std::optional(false)
                                                               : std::nullopt;
}

Status SetMode(std::string_view value, ConnectionString& target) {
  if (value == "memory") {
    target.is_in_memory = true;
  } else if (value == "ro") {
    target.access = FileAccess::kReadOnly;
  } else if (value == "rw") {
    target.access = FileAccess::kReadWrite;
  } else if (value != "rwc") {
    return Refuse("mode=" + std::string(value) + " is unknown; modes are ro, rw, rwc and memory");
  }
  return OkStatus();
}

bool IsPragmaValue(std::string_view value) {
  return !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    return IsDigit(c) || (ToLower(c) >= 'a' && ToLower(c) <= 'z') || c == '_' || c == '-' ||
           c == '.';
  });
}

Status SetSynchronous(const std::string& value, ConnectionString& target) {
  constexpr std::array<std::string_view, 8> kLevels = {"off", "normal", "full", "extra",
                                                       "0",   "1",      "2",    "3"};
  const auto* level = std::find(kLevels.begin(), kLevels.end(), ToLower(value));
  if (level == kLevels.end()) {
    return Refuse("_pragma=synchronous(" + value + "): levels are off, normal, full and extra");
  }
  target.synchronous = kLevels[static_cast<size_t>(level - kLevels.begin()) % 4];
  return OkStatus();
}

// "name(value)" or "name=value".
Status AddPragma(std::string_view text, ConnectionString& target) {
  const size_t split = text.find_first_of("(=");
  const std::string name = ToLower(text.substr(0, split));
  for (const Replaced& replaced : kReplacedPragmas) {
    if (name == replaced.pragma) {
      return Refuse("_pragma=" + name + " is not allowed: " + std::string(replaced.advice));
    }
  }
  if (std::find(std::begin(kPragmas), std::end(kPragmas), name) == std::end(kPragmas)) {
    return Refuse("_pragma=" + name + " is not allowed." + DidYouMean(name, kPragmas));
  }
  std::string value(split == text.npos ? std::string_view() : text.substr(split + 1));
  if (split != text.npos && text[split] == '(') {
    if (value.empty() || value.back() != ')') {
      return Refuse("_pragma=" + std::string(text) + ": write _pragma=name(value)");
    }
    value.pop_back();
  }
  if (!IsPragmaValue(value)) {
    return Refuse("_pragma=" + name + ": the value is one word or number, as in cache_size(-8000)");
  }
  if (name == "synchronous") {
    return SetSynchronous(value, target);
  }
  target.pragmas.push_back(name + " = " + value);
  return OkStatus();
}

Status SetFlag(const std::string& name, std::string_view value, ConnectionString& target) {
  const std::optional<bool> flag = ParseFlag(value);
  if (!flag.has_value()) {
    return Refuse(name + "=" + std::string(value) + ": write 0 or 1");
  }
  if (name == "immutable") {
    target.is_immutable = *flag;
  } else {
    target.options.push_back(name + (*flag ? "=1" : "=0"));
  }
  return OkStatus();
}

Status SetCache(std::string_view value, ConnectionString& target) {
  if (value != "shared" && value != "private") {
    return Refuse("cache=" + std::string(value) + " is unknown; it is shared or private");
  }
  if (value == "shared") {
    target.warnings.emplace_back("connectionString: cache=shared has no effect");
  }
  return OkStatus();
}

Status SetTransactionLock(std::string_view value, ConnectionString& target) {
  if (value != "immediate" && value != "deferred" && value != "exclusive") {
    return Refuse("_txlock=" + std::string(value) + " is unknown; it is immediate");
  }
  if (value != "immediate") {
    target.warnings.emplace_back("connectionString: _txlock has no effect; it is immediate");
  }
  return OkStatus();
}

Status SetParameter(const std::string& name, std::string_view value, ConnectionString& target) {
  if (name == "mode") {
    return SetMode(value, target);
  }
  if (name == "_pragma") {
    return AddPragma(value, target);
  }
  if (name == "cache") {
    return SetCache(value, target);
  }
  if (name == "_txlock") {
    return SetTransactionLock(ToLower(value), target);
  }
  if (name == "vfs") {
    target.vfs = value;
    return OkStatus();
  }
  if (name == "immutable" || name == "nolock" || name == "psow") {
    return SetFlag(name, ToLower(value), target);
  }
  return Refuse(Quoted(name) + " is unknown." + DidYouMean(name, kParameters));
}

Status SetParameters(std::string_view query, ConnectionString& target) {
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view item = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (item.empty()) {
      continue;
    }
    const size_t equals = std::min(item.find('='), item.size());
    ASSIGN_OR_RETURN(const std::string name, PercentDecoded(item.substr(0, equals)));
    ASSIGN_OR_RETURN(const std::string value,
                     PercentDecoded(item.substr(std::min(equals + 1, item.size()))));
    RETURN_IF_ERROR(SetParameter(name, value, target));
  }
  return OkStatus();
}

// "file:///a" and "file://localhost/a" name "/a".
StatusOr<std::string_view> WithoutAuthority(std::string_view path) {
  if (!path.starts_with("//")) {
    return path;
  }
  const size_t slash = path.find('/', 2);
  const std::string_view host = path.substr(2, slash == path.npos ? path.npos : slash - 2);
  if (slash == path.npos || (!host.empty() && host != "localhost")) {
    return Refuse(Quoted(host) +
                  " is a host name; a database is a local file: file:///folder/name");
  }
  return path.substr(slash);
}

Status SetFile(std::string_view path, ConnectionString& target) {
  ASSIGN_OR_RETURN(const std::string name, PercentDecoded(path));
  if (name == ":memory:" || target.is_in_memory) {
    target.is_in_memory = true;
    target.file = ":memory:";
    return OkStatus();
  }
  if (name.empty()) {
    return Refuse("it names no file; write data.db, or :memory:");
  }
  std::error_code error;
  target.file = std::filesystem::absolute(name, error).lexically_normal().string();
  return error ? Refuse(name + ": " + error.message()) : OkStatus();
}

}  // namespace

std::string ConnectionString::Uri(bool as_immutable) const {
  if (is_in_memory) {
    return ":memory:";
  }
  std::string uri = "file://" + PercentEncoded(file);
  char separator = '?';
  const auto add = [&](std::string_view option) {
    uri += separator;
    uri += option;
    separator = '&';
  };
  for (const std::string& option : options) {
    add(option);
  }
  if (is_immutable || as_immutable) {
    add("immutable=1");
  }
  return uri;
}

StatusOr<ConnectionString> ParseConnectionString(std::string_view text) {
  if (text.find('\0') != text.npos) {
    return Refuse("it holds a zero byte");
  }
  if (text.size() >= 5 && EqualsIgnoringCase(text.substr(0, 5), "file:")) {
    text.remove_prefix(5);
  }
  text = text.substr(0, text.find('#'));
  const size_t question = std::min(text.find('?'), text.size());
  ConnectionString target;
  RETURN_IF_ERROR(SetParameters(text.substr(std::min(question + 1, text.size())), target));
  ASSIGN_OR_RETURN(const std::string_view path, WithoutAuthority(text.substr(0, question)));
  RETURN_IF_ERROR(SetFile(path, target));
  return target;
}

}  // namespace mecha::components
