// SPDX-License-Identifier: Apache-2.0
// Verdict: what mecha-check found, and how it is written. It holds no secret: the library's
// messages never do.
#pragma once

#include <string>
#include <vector>

struct ComponentVerdict {
  std::string name;
  std::string type;
  std::string place;    // of its document: "file:line"
  std::string problem;  // empty: all well
};

struct Verdict {
  std::vector<std::string> errors;  // of the documents: nothing could be started
  std::vector<ComponentVerdict> components;
  std::vector<std::string> warnings;
  bool has_contacted = true;  // false: the components were not started

  size_t problem_count() const;
};

// One line per error, component and warning, then the counts.
std::string ToText(const Verdict& verdict);
// One object: ok, errors, components, warnings.
std::string ToJson(const Verdict& verdict);
