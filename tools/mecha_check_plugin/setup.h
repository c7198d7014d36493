// SPDX-License-Identifier: Apache-2.0
// Setup: how one component type is set up for the suites, read from the setup file. It owns the
// texts that its harness points to.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "conformance/harness.h"

namespace YAML {
class Node;
}  // namespace YAML

class Setup {
 public:
  // Of `type` in `file`; without one, or when it does not name the type, nothing is set up. The
  // text says what is wrong with the file.
  static std::variant<Setup, std::string> Read(const std::string& file, const std::string& type);

  // Valid as long as this is, unmoved.
  conformance::Harness MakeHarness(const std::string& type, const std::string& version,
                                   const std::string& plugin);

 private:
  using Texts = std::vector<std::pair<std::string, std::string>>;

  // False for an unknown key.
  bool Take(const std::string& key, const YAML::Node& node);

  Texts metadata_, files_, environment_;
  std::vector<std::pair<std::string, std::pair<std::string, std::string>>> secrets_;
  bool is_shared_ = false;
  std::vector<conformance::NamedText> views_[3];
  std::vector<conformance::KnownSecret> known_;
};
