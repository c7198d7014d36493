// SPDX-License-Identifier: Apache-2.0
#include "connection_text.h"

#include <libpq-fe.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace MECHA_COMPONENT {
namespace {

// No file has a name below one that is no folder: libpq finds nothing there and says nothing.
constexpr std::string_view kNoFile = "/dev/null/none";

// What stands for a word nobody wrote, where libpq does not take an empty one or would look into
// the home folder.
constexpr std::pair<std::string_view, std::string_view> kDefaults[] = {
    {"application_name", "mecha"},
    {"channel_binding", "prefer"},
    {"client_encoding", "UTF8"},
    {"gssencmode", "disable"},
    {"keepalives", "1"},
    {"krbsrvname", "postgres"},
    {"load_balance_hosts", "disable"},
    {"max_protocol_version", "3.0"},
    {"min_protocol_version", "3.0"},
    {"passfile", kNoFile},
    {"ssl_min_protocol_version", "TLSv1.2"},
    {"sslcert", kNoFile},
    {"sslcertmode", "allow"},
    {"sslcompression", "0"},
    {"sslmode", "prefer"},
    {"sslnegotiation", "postgres"},
    {"sslrootcert", kNoFile},
    {"sslsni", "1"},
    {"target_session_attrs", "any"},
};

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using KnownOptions = std::unique_ptr<PQconninfoOption[], FreeOptions>;

// Every keyword of the linked libpq, without values.
KnownOptions ListKeywords() { return KnownOptions(PQconninfoParse("", nullptr)); }

void Append(std::string& text, std::string_view name, std::string_view value) {
  text.append(name).append("=").append(QuotedWord(value)).append(" ");
}

std::string_view DefaultOf(std::string_view name) {
  const auto found = std::find_if(std::begin(kDefaults), std::end(kDefaults),
                                  [&](const auto& entry) { return entry.first == name; });
  return found == std::end(kDefaults) ? "" : found->second;
}

// "-c name=value", blanks and backslashes escaped as the server reads them.
void AppendParameter(std::string& options, std::string_view name, std::string_view value) {
  options.append(options.empty() ? "" : " ").append("-c ").append(name).append("=");
  for (const char c : value) {
    if (c == ' ' || c == '\\' || c == '\t' || c == '\n') {
      options += '\\';
    }
    options += c;
  }
}

bool IsPlace(std::string_view name) {
  return name == "host" || name == "hostaddr" || name == "port";
}

// The session's own options, then the words that are no keywords of libpq.
std::string SessionOptions(const ConnectionWords& words, const PQconninfoOption* known) {
  std::string options;
  if (const auto written = words.find("options"); written != words.end()) {
    options = written->second;
  }
  for (const auto& [name, value] : words) {
    bool is_known = false;
    for (const PQconninfoOption* option = known; option->keyword != nullptr; ++option) {
      is_known = is_known || name == option->keyword;
    }
    if (!is_known) {
      AppendParameter(options, name, value);
    }
  }
  return options;
}

}  // namespace

std::string ConnectionText(const ConnectionWords& words, const Endpoint& endpoint) {
  const KnownOptions known = ListKeywords();
  std::string text;
  if (known == nullptr) {
    return text;
  }
  for (const PQconninfoOption* option = known.get(); option->keyword != nullptr; ++option) {
    const std::string_view name = option->keyword;
    const auto written = words.find(name);
    const std::string_view fallback = DefaultOf(name);
    if (IsPlace(name) || name == "options" || name == "service") {
      continue;
    }
    if (written != words.end() && !written->second.empty()) {
      Append(text, name, written->second);
    } else if (!fallback.empty() || option->envvar != nullptr) {
      Append(text, name, fallback);
    }
  }
  Append(text, "options", SessionOptions(words, known.get()));
  Append(text, "host", endpoint.host.empty() ? endpoint.address : endpoint.host);
  Append(text, "hostaddr", endpoint.address);
  Append(text, "port", endpoint.port);
  return text;
}

}  // namespace MECHA_COMPONENT
