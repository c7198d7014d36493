// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <set>

#include "child.h"
#include "conformance/run_tests.h"
#include "conformance/test_runtime.h"
#include "options.h"
#include "plugin_types.h"
#include "setup.h"

namespace conformance {

// The type under test: set before anything reads it, in the child that runs its tests.
static Harness chosen;
const Harness& kHarness = chosen;

}  // namespace conformance

namespace {

enum ExitCode { kPasses = 0, kDoesNotPass = 1, kWrongUsage = 2 };

void Say(const std::string& who, const std::string& what) {
  std::printf("mecha-check-plugin: %s: %s\n", who.c_str(), what.c_str());
}

// How a child ended that did not pass, in words.
std::string WordsOf(const ChildEnd& end) {
  std::string words = end.words;
  for (const std::string& line : end.lines) {
    words += (words.empty() ? "" : "; ") + line;
  }
  return words.empty() ? "tests failed" : words;
}

// The files of the suite of the type's block, with commas between them.
std::string FilesOfSuite() {
  const std::string_view type = conformance::kHarness.type;
  return type.starts_with("state.")    ? STATE_TESTS
         : type.starts_with("pubsub.") ? PUBSUB_TESTS
                                       : SECRET_TESTS;
}

// Runs the suite of the type's block, and then says what the library saw besides.
bool RunSuite(const Options& options, const Tell& tell) {
  // All tests that match and stand in one of the block's files.
  std::string tests;
  const std::string files = FilesOfSuite();
  for (size_t begin = 0; begin < files.size();) {
    const size_t end = std::min(files.find(',', begin), files.size());
    tests += (tests.empty() ? "" : ",") + options.pattern + "[#" +
             files.substr(begin, end - begin) + "]";
    begin = end + 1;
  }
  const char* words[] = {"mecha-check-plugin", "--filenames-as-tags", tests.c_str()};
  const bool has_passed = mecha::test::RunTests(3, words) == 0;
  const std::vector<std::string> faults = conformance::PluginFaults();
  for (const std::string& fault : std::set<std::string>(faults.begin(), faults.end())) {
    tell(fault);
  }
  return has_passed && faults.empty();
}

// Empty when the type passes, else why not.
std::string CheckType(const Options& options, const PluginType& type) {
  auto setup = Setup::Read(options.setup, type.type);
  if (const auto* mistake = std::get_if<std::string>(&setup); mistake != nullptr) {
    return *mistake;
  }
  conformance::chosen = std::get<Setup>(setup).MakeHarness(type.type, type.version, options.plugin);
  const ChildEnd probe = RunInChild(Probe, options.most_time);
  if (probe.how != ChildEnd::How::kPassed) {
    return WordsOf(probe);
  }
  const ChildEnd suite = RunInChild(
      [&options](const Tell& tell) { return RunSuite(options, tell); }, options.most_time);
  return suite.how == ChildEnd::How::kPassed ? std::string() : WordsOf(suite);
}

std::string CheckPlugin(const Options& options) {
  const ChildEnd listed = RunInChild(
      [&options](const Tell& tell) { return ListTypes(options.plugin, tell); }, options.most_time);
  if (listed.how != ChildEnd::How::kPassed) {
    return WordsOf(listed);
  }
  size_t checked = 0;
  std::string problems;
  for (const PluginType& type : TypesOf(listed.lines)) {
    if (!options.type.empty() && options.type != type.type) {
      continue;
    }
    ++checked;
    const std::string problem = CheckType(options, type);
    Say(type.type, problem.empty() ? "passes" : problem);
    if (!problem.empty()) {
      problems += (problems.empty() ? "" : "; ") + type.type + ": " + problem;
    }
  }
  return checked == 0 ? "there is no type " + options.type : problems;
}

}  // namespace

int main(int count, char** words) {
  const auto parsed = ParseOptions({words + 1, words + count});
  if (const auto* mistake = std::get_if<std::string>(&parsed); mistake != nullptr) {
    std::fprintf(stderr, "mecha-check-plugin: %s\n\n%s", mistake->c_str(), kUsage.data());
    return kWrongUsage;
  }
  const auto& options = std::get<Options>(parsed);
  if (options.wants_help) {
    std::fputs(kUsage.data(), stdout);
    return kPasses;
  }
  const std::string problem = CheckPlugin(options);
  const std::string part =
      options.pattern.empty() ? std::string() : " (only tests named \"" + options.pattern + "\")";
  std::printf("%s %s%s%s%s\n", problem.empty() ? "PASS" : "FAIL", options.plugin.c_str(),
              part.c_str(), problem.empty() ? "" : ": ", problem.c_str());
  return problem.empty() ? kPasses : kDoesNotPass;
}
