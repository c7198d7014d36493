// SPDX-License-Identifier: Apache-2.0
#include "call/environment.h"

#include <unistd.h>

namespace mecha {
namespace {

// Upper case without a locale; this folder stands below no other that has it.
std::string Upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return upper;
}

}  // namespace

std::optional<std::string> ReadEnvironment(std::string_view name) {
  if (name.empty() || name.find('=') != std::string_view::npos || environ == nullptr) {
    return std::nullopt;
  }
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (text.size() > name.size() && text[name.size()] == '=' && text.starts_with(name)) {
      return std::string(text.substr(name.size() + 1));
    }
  }
  return std::nullopt;
}

std::vector<std::string> EnvironmentNames(std::string_view prefix) {
  std::vector<std::string> names;
  if (environ == nullptr) {
    return names;
  }
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view name = text.substr(0, text.find('='));
    if (!name.empty() && name.starts_with(prefix)) {
      names.emplace_back(name);
    }
  }
  return names;
}

bool MayShowEnvironmentName(std::string_view name) {
  const std::string upper = Upper(name);
  return !upper.empty() && upper != "APP_API_TOKEN" && !upper.starts_with("DAPR_") &&
         upper.find(' ') == std::string::npos;
}

}  // namespace mecha
