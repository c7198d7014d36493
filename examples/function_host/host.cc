// SPDX-License-Identifier: Apache-2.0
#include "host.h"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace function_host {
namespace {

using std::chrono::nanoseconds;

// How long handlers of messages may go on when the process is to rest.
constexpr std::chrono::seconds kRestDeadline{1};

void Complain(const std::string& problem) {
  std::fprintf(stderr, "function_host: %s\n", problem.c_str());
}

// Measures how long a scope takes.
class Stopwatch {
 public:
  explicit Stopwatch(nanoseconds& result) : result_(result) {}
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;
  ~Stopwatch() { result_ = std::chrono::steady_clock::now() - begin_; }

 private:
  nanoseconds& result_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

double Microseconds(nanoseconds time) { return static_cast<double>(time.count()) / 1000; }

}  // namespace

bool Host::Start() {
  const Stopwatch watch(start_time_);
  mecha::RuntimeOptions options;
  options.app_id = "function-host";
  options.resource_paths = {settings_.resources};
  mecha::Result<mecha::Runtime> runtime = mecha::Runtime::OpenAndStart(options);
  if (runtime.ok()) {
    runtime_ = std::move(*runtime);
    function_ = std::make_unique<Function>(*runtime_, stop_);
    return true;
  }
  std::string problem;
  const std::string message(runtime.error().message());
  if (!api_.FailStart({"Runtime.StartFailed", message}, problem)) Complain(problem);
  Complain(message);
  return false;
}

bool Host::Rest() {
  if (settings_.rest == Rest::kNone) return true;
  const Stopwatch watch(rest_time_);
  const mecha::Result<mecha::Value> report =
      runtime_->Suspend(kRestDeadline, settings_.rest == Rest::kKeepConnections);
  is_resting_ = report.ok();
  // Something would not end, so the runtime runs on. A freeze is survived all the same: what was
  // held too long is given up.
  if (!is_resting_) Complain("cannot rest: " + std::string(report.error().message()));
  return is_resting_;
}

bool Host::Wake(std::string& problem) {
  if (is_resting_) {
    const Stopwatch watch(wake_time_);
    const mecha::Result<void> resumed = runtime_->Resume();
    if (!resumed.ok()) {
      problem = resumed.error().message();
      return false;
    }
    is_resting_ = false;
  }
  return consumer_ != nullptr || settings_.consumes.empty() || StartConsumer(problem);
}

// Not before the first invocation: there may be copies of this process by then.
bool Host::StartConsumer(std::string& problem) {
  auto consumer = std::make_unique<Consumer>(*runtime_);
  if (!consumer->Start(settings_.consumes, problem)) return false;
  consumer_ = std::move(consumer);
  return true;
}

int Host::Run() {
  while (!stop_.has_come()) {
    if (!is_resting_) Rest();
    std::string problem;
    const std::optional<Invocation> invocation = api_.Next(problem);
    if (invocation) {
      Answer(*invocation, Handle(*invocation));
    } else if (!stop_.has_come()) {
      Complain(problem);
      Shutdown();
      return 1;
    }
  }
  return Shutdown();
}

Outcome Host::Handle(const Invocation& invocation) {
  std::string problem;
  if (!Wake(problem)) return Failure{"Function.CannotWake", problem};
  if (invocation.payload == "\"describe\"") return Describe();
  const auto begin = std::chrono::steady_clock::now();
  Outcome outcome = function_->Handle(invocation);
  if (first_time_.count() == 0 && std::holds_alternative<std::string>(outcome)) {
    first_at_ = std::chrono::steady_clock::now();
    first_time_ = first_at_ - begin;
  }
  return outcome;
}

Outcome Host::Describe() const {
  const mecha::Result<mecha::Value> described = runtime_->Describe();
  if (!described.ok())
    return Failure{"Function.CallFailed", std::string(described.error().message())};
  const Consumer::Tally tally = consumer_ ? consumer_->tally() : Consumer::Tally();
  return nlohmann::json{
      {"runtime", nlohmann::json::parse(described->bytes(), nullptr, false)},
      {"messages",
       {{"accepted", tally.accepted}, {"late", tally.late}, {"given_up", tally.given_up}}},
      {"microseconds",
       {{"start", Microseconds(start_time_)},
        {"rest", Microseconds(rest_time_)},
        {"wake", Microseconds(wake_time_)},
        {"first", Microseconds(first_time_)},
        {"first_at", Microseconds(first_at_.time_since_epoch())}}}}
      .dump();
}

void Host::Answer(const Invocation& invocation, const Outcome& outcome) {
  std::string problem;
  const std::string* body = std::get_if<std::string>(&outcome);
  const bool is_taken = body != nullptr
                            ? api_.Respond(invocation.id, *body, problem)
                            : api_.Fail(invocation.id, std::get<Failure>(outcome), problem);
  if (!is_taken) Complain(problem);
}

int Host::Shutdown() {
  const mecha::Result<mecha::Value> report = runtime_->Shutdown(settings_.shutdown);
  if (!report.ok()) Complain("shutdown: " + std::string(report.error().message()));
  consumer_.reset();
  return 0;
}

}  // namespace function_host
