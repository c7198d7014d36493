// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "check.h"
#include "options.h"
#include "verdict.h"

namespace {

enum ExitCode { kFine = 0, kProblems = 1, kWrongUsage = 2 };

}  // namespace

int main(int count, char** words) {
  const auto parsed = ParseOptions({words + 1, words + count});
  if (const auto* mistake = std::get_if<std::string>(&parsed); mistake != nullptr) {
    std::fprintf(stderr, "mecha-check: %s\n\n%s", mistake->c_str(), kUsage.data());
    return kWrongUsage;
  }
  const auto& options = std::get<Options>(parsed);
  if (options.wants_help) {
    std::fputs(kUsage.data(), stdout);
    return kFine;
  }
  const Verdict verdict = Check(options);
  const std::string text = options.writes_json ? ToJson(verdict) : ToText(verdict);
  std::fputs(text.c_str(), stdout);
  return verdict.problem_count() == 0 ? kFine : kProblems;
}
