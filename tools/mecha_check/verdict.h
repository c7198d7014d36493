// SPDX-License-Identifier: Apache-2.0
// Verdict: what mecha-check found, and how it is written. It holds no secret: the library's
// messages never do.
#pragma once

#include <string>
#include <vector>

struct ComponentVerdict {
  std::string name;
  std::string type;
  std::string place;    // of its document, or of what the problem is about: "file:line"
  std::string problem;  // empty: all well
};

// A component of the files that this application, or namespace, does not get.
struct LeftOut {
  std::string name;
  std::string reason;
  std::string place;
};

struct Verdict {
  std::vector<std::string> errors;           // of the documents: nothing could be started
  std::vector<ComponentVerdict> components;  // none when the documents have errors
  std::vector<LeftOut> left_out;
  std::vector<std::string> warnings;
  bool has_contacted = true;  // false: the components were not started
  bool has_opened = false;    // false: no component was looked at, because of the errors

  size_t problem_count() const;
};

// One line per error, component and warning, then the counts.
std::string ToText(const Verdict& verdict);
// One object: ok, contacted, errors, components, left_out, warnings.
std::string ToJson(const Verdict& verdict);
