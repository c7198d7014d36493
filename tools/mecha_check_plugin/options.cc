// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <charconv>
#include <filesystem>

constinit const std::string_view kUsage =
    "mecha-check-plugin: puts a plug-in through the tests of Mecha's own components.\n"
    "\n"
    "  mecha-check-plugin [OPTION...] PLUGIN.so [SETUP.yaml]\n"
    "\n"
    "  --type TYPE         check this component type only, state.my-store say\n"
    "  --tests PATTERN     run the tests of this name only; * stands for anything\n"
    "  --time SECONDS      most time for one type (600)\n"
    "\n"
    "SETUP.yaml says how each type is set up: a mapping from type to\n"
    "  metadata: {name: value, ...}        fields of spec.metadata\n"
    "  files: {name: text, ...}            files that are written first\n"
    "  environment: {name: text, ...}      variables that are set first\n"
    "  secrets: {name: {key: value}}       what a secret store must show\n"
    "  shared: true                        two runtimes with the same metadata see the same data\n"
    "In texts {{folder}} is a folder of the test's own, {{unique}} a word of its own.\n"
    "\n"
    "The plug-in runs in a process of its own: a crash is reported and ends that process only.\n"
    "Exit code: 0 it passes, 1 it does not, 2 wrong usage. The last line says which.\n";

namespace {

bool ParseSeconds(const std::string& text, std::chrono::seconds& seconds) {
  int count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  seconds = std::chrono::seconds(count);
  return error == std::errc() && end == text.data() + text.size() && count > 0;
}

// Empty when it was taken, else what is wrong.
std::string TakeValue(const std::string& name, const std::string& value, Options& options) {
  if (name == "--type") {
    options.type = value;
  } else if (name == "--tests") {
    options.pattern = value;
  } else if (name != "--time") {
    return "unknown option " + name;
  } else if (!ParseSeconds(value, options.most_time)) {
    return "--time takes a number of seconds above zero";
  }
  return {};
}

}  // namespace

std::variant<Options, std::string> ParseOptions(const std::vector<std::string>& arguments) {
  Options options;
  std::vector<std::string> files;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--help" || arguments[i] == "-h") {
      options.wants_help = true;
      return options;
    }
    if (!arguments[i].starts_with("--")) {
      files.push_back(arguments[i]);
      continue;
    }
    const std::string value = i + 1 < arguments.size() ? arguments[i + 1] : std::string();
    const std::string wrong = TakeValue(arguments[i], value, options);
    if (!wrong.empty()) {
      return wrong;
    }
    ++i;
  }
  if (files.empty() || files.size() > 2) {
    return "give the file of a plug-in, and no more than one setup file";
  }
  options.plugin = std::filesystem::absolute(files[0]).string();
  options.setup = files.size() == 2 ? files[1] : std::string();
  return options;
}
