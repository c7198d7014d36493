// SPDX-License-Identifier: Apache-2.0
#include "intake.h"

#include <unistd.h>

#include <cstdio>
#include <thread>
#include <vector>

namespace orders {
namespace {

constexpr std::int64_t kLinesPerMessage = 1000;

}  // namespace

bool Intake::Run(int thread_count) {
  begin_ = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (int i = 0; i < thread_count; ++i) threads.emplace_back([this] { Work(); });
  ShowProgress(thread_count);
  for (std::thread& thread : threads) thread.join();
  end_ = std::chrono::steady_clock::now();
  if (file_.IsBroken() && !has_failed_) Fail("the input broke before its end");
  return !has_failed_;
}

void Intake::Work() {
  Line line;
  while (!stop_ && !has_failed_ && file_.Next(line)) StoreLine(line);
  const std::lock_guard lock(mutex_);
  ++finished_;
  finished_changed_.notify_one();
}

void Intake::StoreLine(const Line& line) {
  ++lines_;
  std::string problem;
  const std::optional<Order> order = ParseOrder(line.text, problem);
  if (!order) {
    ++skipped_;
    const std::lock_guard lock(mutex_);
    std::fprintf(stderr, "%s: skipped: %s\n", file_.PlaceOf(line).c_str(), problem.c_str());
    return;
  }
  switch (ledger_.Store(*order, problem)) {
    case Outcome::kStored:
      ++stored_;
      break;
    case Outcome::kAlreadyStored:
      ++already_stored_;
      break;
    case Outcome::kFailed:
      Fail(file_.PlaceOf(line) + ": order " + order->id + " was not stored: " + problem);
      break;
  }
}

// The first failure is the one to tell; the rest follow from it.
void Intake::Fail(const std::string& problem) {
  if (has_failed_.exchange(true)) return;
  const std::lock_guard lock(mutex_);
  problem_ = problem;
}

// On a terminal one line that changes every second; into a file a line per thousand.
void Intake::ShowProgress(int thread_count) {
  const bool is_terminal = isatty(STDERR_FILENO) == 1;
  std::int64_t shown = 0;
  std::unique_lock lock(mutex_);
  while (finished_ < thread_count) {
    finished_changed_.wait_for(lock, std::chrono::milliseconds(is_terminal ? 1000 : 100));
    if (finished_ == thread_count) break;
    if (is_terminal) {
      std::fprintf(stderr, "\r%s ", ProgressLine().c_str());
    } else if (lines_ / kLinesPerMessage > shown) {
      shown = lines_ / kLinesPerMessage;
      std::fprintf(stderr, "%s\n", ProgressLine().c_str());
    }
  }
  if (is_terminal) std::fprintf(stderr, "\r\033[K");
}

std::string Intake::ProgressLine() const {
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  char text[160];
  std::snprintf(text, sizeof(text), "%lld lines read, %lld orders stored, %.0f orders/s",
                static_cast<long long>(lines_), static_cast<long long>(stored_),
                static_cast<double>(stored_) / seconds);
  return text;
}

double Intake::Seconds() const { return std::chrono::duration<double>(end_ - begin_).count(); }

void Intake::PrintSummary() const {
  std::printf(
      "%lld lines in %.2f s: %lld orders stored (%.0f orders/s), %lld stored before, "
      "%lld skipped, %lld retries\n",
      static_cast<long long>(lines_), Seconds(), static_cast<long long>(stored_),
      static_cast<double>(stored_) / Seconds(), static_cast<long long>(already_stored_),
      static_cast<long long>(skipped_), static_cast<long long>(ledger_.retries()));
}

}  // namespace orders
