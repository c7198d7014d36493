// SPDX-License-Identifier: Apache-2.0
#include "inbound/route_table.h"

#include "encoding/quoted.h"

namespace mecha {
namespace {

bool IsPrefix(std::string_view pattern) { return pattern == "*" || pattern.ends_with("/*"); }

Status Check(std::string_view pattern) {
  const size_t star = pattern.find('*');
  if (pattern.empty()) {
    return InvalidArgument("a path is empty; write \"/orders\", \"/orders/*\" or \"*\"");
  }
  if (star != std::string_view::npos && (star != pattern.size() - 1 || !IsPrefix(pattern))) {
    return InvalidArgument(
        "the path " + Quoted(pattern) +
        " has a * that is not all of its last part; write \"/orders/*\" or \"*\"");
  }
  return OkStatus();
}

}  // namespace

Status RouteTable::Add(std::span<const std::string_view> patterns,
                       const std::shared_ptr<Registration>& registration) {
  const std::lock_guard lock(mutex_);
  for (const std::string_view pattern : patterns) {
    RETURN_IF_ERROR(Check(pattern));
    const bool is_prefix = IsPrefix(pattern);
    const auto& known = is_prefix ? prefixes_ : exact_;
    if (known.contains(is_prefix ? pattern.substr(0, pattern.size() - 1) : pattern)) {
      return Status(StatusCode::kAlreadyExists,
                    "the path " + Quoted(pattern) +
                        " is served by another registration; stop that one first");
    }
  }
  for (const std::string_view pattern : patterns) {
    if (IsPrefix(pattern)) {
      prefixes_.emplace(pattern.substr(0, pattern.size() - 1), registration);
    } else {
      exact_.emplace(pattern, registration);
    }
  }
  return OkStatus();
}

void RouteTable::Remove(const Registration& registration) {
  const std::lock_guard lock(mutex_);
  for (auto* routes : {&exact_, &prefixes_}) {
    std::erase_if(*routes, [&](const auto& route) { return route.second.get() == &registration; });
  }
}

std::shared_ptr<Registration> RouteTable::Find(std::string_view path) const {
  const std::lock_guard lock(mutex_);
  const auto exact = exact_.find(path);
  if (exact != exact_.end()) {
    return exact->second;
  }
  for (size_t end = path.size(); end > 0; --end) {
    if (path[end - 1] == '/') {
      const auto prefix = prefixes_.find(path.substr(0, end));
      if (prefix != prefixes_.end()) {
        return prefix->second;
      }
    }
  }
  const auto all = prefixes_.find(std::string_view());
  return all == prefixes_.end() ? nullptr : all->second;
}

}  // namespace mecha
