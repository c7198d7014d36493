// SPDX-License-Identifier: Apache-2.0
// orders: the whole program. Which store it uses stands in YAML; nothing here names one.
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <mecha/mecha.hpp>

#include "intake.h"
#include "ledger.h"
#include "options.h"
#include "report.h"
#include "verify.h"

namespace orders {
namespace {

constexpr int kFailure = 1;
constexpr int kWrongUse = 2;
constexpr int kStopped = 130;

std::atomic<bool> stop{false};

int Complain(const std::string& problem, int exit_code = kFailure) {
  std::fprintf(stderr, "orders: %s\n", problem.c_str());
  return exit_code;
}

int Store(const mecha::State& store, OrderFile& file, int threads) {
  Ledger ledger(store);
  Intake intake(file, ledger, stop);
  const bool is_done = intake.Run(threads);
  intake.PrintSummary();
  if (!is_done) return Complain(intake.problem() + "\nrun it again to go on from here");
  if (stop) return Complain("stopped; run it again to go on from here", kStopped);
  Totals totals;
  std::string problem;
  if (!ReadTotals(store, totals, problem)) return Complain(problem);
  PrintTotals(totals);
  return 0;
}

int Check(const mecha::State& store, OrderFile& file) {
  std::string problem;
  switch (Verify(store, file, problem)) {
    case Verdict::kEqual:
      return 0;
    case Verdict::kDifferent:
      return kFailure;
    case Verdict::kFailed:
      break;
  }
  return Complain(problem);
}

int Run(const Options& options) {
  OrderFile file;
  std::string problem;
  if (!file.Open(options.input, problem)) return Complain(problem);

  // Embedded stores take relative paths from the current folder, so --data is that folder.
  std::error_code error;
  mecha::RuntimeOptions settings;
  settings.app_id = "orders";
  settings.resource_paths = {
      std::filesystem::absolute(options.resources, error).lexically_normal().string()};
  std::filesystem::current_path(options.data, error);
  if (error) return Complain("cannot use " + options.data + ": " + error.message());

  const mecha::Result<mecha::Runtime> runtime = mecha::Runtime::OpenAndStart(settings);
  if (!runtime.ok()) return Complain(std::string(runtime.error().message()));
  const mecha::State store = runtime->state("orders");
  return options.verifies ? Check(store, file) : Store(store, file, options.threads);
}

}  // namespace
}  // namespace orders

int main(int argument_count, char** arguments) {
  struct sigaction once = {};  // a second Ctrl-C ends the program at once
  once.sa_handler = [](int) { orders::stop = true; };
  once.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &once, nullptr);
  sigaction(SIGTERM, &once, nullptr);
  orders::Options options;
  std::string problem;
  if (!orders::ParseOptions(argument_count, arguments, options, problem)) {
    std::fprintf(stderr, "orders: %s\n%s", problem.c_str(), orders::kUsage);
    return orders::kWrongUse;
  }
  if (options.wants_help) {
    std::printf("%s", orders::kUsage);
    return 0;
  }
  return orders::Run(options);
}
