// SPDX-License-Identifier: Apache-2.0
// orders: the whole program. Which store and broker it uses stands in YAML; nothing here names one.
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <mecha/mecha.hpp>
#include <thread>

#include "arrivals.h"
#include "ledger.h"
#include "options.h"
#include "publisher.h"
#include "report.h"
#include "verify.h"
#include "worker.h"

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

double SecondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

int Publish(const mecha::Runtime& runtime, OrderFile& file) {
  const auto begin = std::chrono::steady_clock::now();
  Publisher publisher(runtime.pubsub(kBroker), file, stop);
  if (!publisher.Run()) return Complain(publisher.problem() + "\nrun it again: nothing doubles");
  publisher.PrintSummary(SecondsSince(begin));
  return stop ? Complain("stopped; run it again to go on from here", kStopped) : 0;
}

int Work(mecha::Runtime& runtime, const mecha::State& store, int threads) {
  Ledger ledger(store);
  Worker worker(runtime, ledger);
  if (!worker.Start(threads)) return Complain(worker.problem());
  std::fprintf(stderr, "worker %lld is ready\n", static_cast<long long>(getpid()));
  while (!stop) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const bool is_drained = worker.Stop();
  std::printf("worker: %lld orders stored, %lld stored before, %lld retries\n",
              static_cast<long long>(worker.stored()),
              static_cast<long long>(worker.already_stored()),
              static_cast<long long>(ledger.retries()));
  return is_drained ? 0 : Complain("not all orders could be finished: " + worker.problem());
}

// Publishes and works at the same time. Ends when every order is in the store, or is stopped.
int DoAll(mecha::Runtime& runtime, const mecha::State& store, OrderFile& file, int threads) {
  const auto begin = std::chrono::steady_clock::now();
  Ledger ledger(store);
  Worker worker(runtime, ledger);
  if (!worker.Start(threads)) return Complain(worker.problem());
  Publisher publisher(runtime.pubsub(kBroker), file, stop);
  std::string problem;
  const bool is_published = publisher.Run();
  const auto never = std::chrono::steady_clock::time_point::max();
  const bool is_stored =
      is_published && AwaitOrders(store, publisher.ids(), never, stop, problem) != Arrival::kFailed;
  const double seconds = SecondsSince(begin);
  if (!worker.Stop()) return Complain(worker.problem());
  std::printf(
      "%lld lines in %.2f s: %lld orders stored (%.0f orders/s), %lld stored before, "
      "%lld skipped, %lld retries\n",
      static_cast<long long>(publisher.lines()), seconds, static_cast<long long>(worker.stored()),
      static_cast<double>(worker.stored()) / seconds,
      static_cast<long long>(worker.already_stored()), static_cast<long long>(publisher.skipped()),
      static_cast<long long>(ledger.retries()));
  if (!is_published) problem = publisher.problem();
  if (!is_stored) return Complain(problem + "\nrun it again to go on from here");
  if (stop) return Complain("stopped; run it again to go on from here", kStopped);
  Totals totals;
  if (!ReadTotals(store, totals, problem)) return Complain(problem);
  PrintTotals(totals);
  return 0;
}

int Check(const mecha::State& store, OrderFile& file, int wait_seconds) {
  std::string problem;
  switch (Verify(store, file, std::chrono::seconds(wait_seconds), stop, problem)) {
    case Verdict::kEqual:
      return 0;
    case Verdict::kDifferent:
      return kFailure;
    case Verdict::kFailed:
      break;
  }
  return Complain(problem);
}

int Do(const Options& options, mecha::Runtime& runtime, OrderFile& file) {
  const mecha::State store = runtime.state("orders");
  switch (options.mode) {
    case Mode::kPublish:
      return Publish(runtime, file);
    case Mode::kWork:
      return Work(runtime, store, options.threads);
    case Mode::kVerify:
      return Check(store, file, options.wait_seconds);
    case Mode::kAll:
      break;
  }
  return DoAll(runtime, store, file, options.threads);
}

int Run(const Options& options) {
  OrderFile file;
  std::string problem;
  if (options.mode != Mode::kWork && !file.Open(options.input, problem)) return Complain(problem);

  // Embedded stores take relative paths from the current folder, so --data is that folder.
  std::error_code error;
  mecha::RuntimeOptions settings;
  settings.app_id = "orders";
  settings.resource_paths = {
      std::filesystem::absolute(options.resources, error).lexically_normal().string()};
  std::filesystem::current_path(options.data, error);
  if (error) return Complain("cannot use " + options.data + ": " + error.message());

  mecha::Result<mecha::Runtime> runtime = mecha::Runtime::OpenAndStart(settings);
  if (!runtime.ok()) return Complain(std::string(runtime.error().message()));
  return Do(options, *runtime, file);
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
