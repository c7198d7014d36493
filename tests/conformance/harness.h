// SPDX-License-Identifier: Apache-2.0
// Harness: how to set up one component type for the suites. Generated from its component.yaml and,
// when it has one, the conformance.yaml beside it (see generate_harness.py); it says nothing of
// capabilities, which the running library tells. mecha-check-plugin fills one at run time.
#pragma once

#include <span>
#include <string_view>

namespace conformance {

struct NamedText {
  std::string_view name;
  std::string_view text;
};

// A secret that a secret store must show.
struct KnownSecret {
  std::string_view name;
  std::string_view key;
  std::string_view value;
};

struct Harness {
  std::string_view type;
  std::string_view version;
  std::string_view server;  // which kind of server it needs; empty: none
  bool is_shared = false;   // two runtimes with the same metadata see the same data
  bool forgets = false;     // the server comes back empty after it was killed
  // {{folder}} is a private temporary folder, {{server_address}} the server's host:port.
  std::span<const NamedText> metadata;
  std::span<const NamedText> files;        // written into the folder before a runtime opens
  std::span<const NamedText> environment;  // set before a runtime opens
  std::span<const KnownSecret> secrets;
  std::string_view plugin = {};  // the file that the type comes in; empty: the library
};

extern const Harness& kHarness;

}  // namespace conformance
