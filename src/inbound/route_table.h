// SPDX-License-Identifier: Apache-2.0
// RouteTable: which registration serves a path. A pattern is a path, a prefix that ends in "/*", or
// "*"; the exact one wins, then the longest prefix, then "*". Safe from any thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "inbound/registration.h"
#include "result/status.h"

namespace mecha {

class RouteTable {
 public:
  // All patterns or none: ALREADY_EXISTS for one that is served, INVALID_ARGUMENT for one that is
  // no pattern.
  Status Add(std::span<const std::string_view> patterns,
             const std::shared_ptr<Registration>& registration);
  void Remove(const Registration& registration);
  // Null: nobody serves it.
  std::shared_ptr<Registration> Find(std::string_view path) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Registration>, std::less<>> exact_;
  std::map<std::string, std::shared_ptr<Registration>, std::less<>> prefixes_;  // "/orders/", ""
};

}  // namespace mecha
