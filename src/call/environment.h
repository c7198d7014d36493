// SPDX-License-Identifier: Apache-2.0
// The only reader of the process environment. Whether it may be read is the caller's to know: only
// when the runtime was opened with permission, or for a component whose whole purpose it is.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mecha {

// A copy of the variable's value; nothing when it is not set. As safe as any read of the
// environment: a host that calls setenv at the same time on another thread breaks it.
std::optional<std::string> ReadEnvironment(std::string_view name);

// The names of all variables that start with `prefix`, in the environment's order.
std::vector<std::string> EnvironmentNames(std::string_view prefix);

// False for names that hold secrets of Dapr or this library: "", APP_API_TOKEN, DAPR_*, and those
// with a space; in any case.
bool MayShowEnvironmentName(std::string_view name);

}  // namespace mecha
