// SPDX-License-Identifier: Apache-2.0
// Runtime as text: describe (JSON) and metrics (Prometheus).
#include <nlohmann/json.hpp>

#include "result/status.h"
#include "runtime/fault_location.h"
#include "runtime/runtime.h"

namespace mecha {
namespace {

using Json = nlohmann::ordered_json;

std::string_view NameOf(Support support) {
  switch (support) {
    case Support::kNone:
      return "none";
    case Support::kEmulated:
      return "emulated";
    case Support::kNative:
      return "native";
  }
  return "none";
}

std::string_view NameOf(Gate::Phase phase) {
  switch (phase) {
    case Gate::Phase::kOpened:
      return "opened";
    case Gate::Phase::kRunning:
      return "running";
    case Gate::Phase::kSuspended:
      return "suspended";
    case Gate::Phase::kClosed:
      return "closed";
  }
  return "unknown";
}

template <class Visit>
void ForEachVerb(const Service& service, Visit visit) {
  for (size_t i = 0; i < static_cast<size_t>(Verb::kCount); ++i) {
    const Counters::Snapshot counts = service.counters().Read(static_cast<Verb>(i));
    if (counts.calls > 0) {
      visit(NameOf(static_cast<Verb>(i)), counts);
    }
  }
}

Json DescribeCounters(const Service& service) {
  Json counters = Json::object();
  ForEachVerb(service, [&](std::string_view verb, const Counters::Snapshot& counts) {
    counters[std::string(verb)] = {{"calls", counts.calls},
                                   {"failures", counts.failures},
                                   {"retries", counts.retries},
                                   {"nanoseconds", counts.nanoseconds},
                                   {"bytes", counts.bytes}};
  });
  return counters;
}

Json DescribeComponent(const ComponentSlot& slot) {
  const Service& service = *slot.service;
  const Status cause = service.cause();
  const FaultLocation fault =
      cause.ok() ? FaultLocation() : LocateFault(slot.document, service.info(), cause);
  Json capabilities = Json::object();
  for (const CapabilityInfo& capability : service.info().capabilities) {
    capabilities[std::string(capability.name)] = NameOf(capability.support);
  }
  return {{"name", service.identity().name},
          {"type", service.info().type},
          {"version", service.info().version},
          {"status", service.info().status},
          {"file", service.identity().file},
          {"line", service.identity().line},
          {"module", slot.entry->module_file},
          {"health", NameOf(service.health())},
          {"reason", fault.cause},
          {"reason_place", fault.place},
          {"capabilities", std::move(capabilities)},
          {"counters", DescribeCounters(service)}};
}

Json DescribeLeftOut(const ComponentTable& components) {
  Json left_out = Json::array();
  for (const LeftOutResource& one : components.left_out()) {
    left_out.push_back({{"kind", one.kind},
                        {"name", one.name},
                        {"reason", one.reason},
                        {"file", one.location.file},
                        {"line", one.location.line},
                        {"problem", one.problem}});
  }
  return left_out;
}

Json DescribeSubscriptions(const SubscriptionTable& subscriptions) {
  Json described = Json::array();
  for (const SubscriptionTable::Row& row : subscriptions.rows()) {
    const Subscription::Tally& tally = row.tally;
    described.push_back({{"name", row.name},
                         {"component", row.component},
                         {"topic", row.topic},
                         {"live", row.is_live},
                         {"reason", row.health.message()},
                         {"missing_paths", row.missing_paths},
                         {"messages",
                          {{"received", tally.received},
                           {"handled", tally.handled},
                           {"retried", tally.retried},
                           {"dead_lettered", tally.dead_lettered},
                           {"dropped", tally.dropped},
                           {"malformed", tally.malformed},
                           {"lost", tally.lost}}}});
  }
  return described;
}

Json DescribeWarnings(const Notices& notices) {
  Json warnings = Json::array();
  for (const Notice& notice : notices.Warnings()) {
    warnings.push_back(
        {{"component", notice.component}, {"message", notice.message}, {"count", notice.count}});
  }
  return warnings;
}

Json DescribeClock(const RuntimeHost::ClockGaps& gaps) {
  const auto milliseconds = [](Duration time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  };
  return {{"gaps", gaps.count},
          {"last_slept_ms", milliseconds(gaps.last.slept)},
          {"last_wall_step_ms", milliseconds(gaps.last.wall_step)}};
}

Json DescribeLimits(const RuntimeSettings& settings) {
  return {{"max_key_bytes", settings.limits.most_key_bytes},
          {"max_value_bytes", settings.limits.most_value_bytes},
          {"max_transaction_ops", settings.limits.most_transaction_writes},
          {"max_message_bytes", settings.message_limits.most_message_bytes},
          {"blocking_threads", settings.blocking_threads},
          {"thread_stack_bytes", settings.thread_stack_bytes},
          {"default_timeout_ns", settings.default_timeout.count()}};
}

// Label values are ours, but for a component's name.
std::string Label(std::string_view value) {
  std::string escaped;
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      escaped += '\\';
    }
    escaped += c == '\n' ? ' ' : c;
  }
  return escaped;
}

}  // namespace

std::string Runtime::Describe() const {
  if (phase() == Gate::Phase::kRunning) {
    host_->LookAtClocks();
  }
  Json components = Json::array();
  for (const auto& slot : components_.slots()) {
    components.push_back(DescribeComponent(*slot));
  }
  const Json description = {
      {"app_id", options_.app_id},
      {"namespace", resolver_options_.name_space},
      {"instance_id", instance_id()},
      {"phase", NameOf(phase())},
      {"strictness", options_.settings.strictness == Strictness::kStrict ? "strict" : "dapr"},
      {"start", options_.settings.start == StartPolicy::kLazy ? "lazy" : "fail"},
      {"module_path", options_.settings.module_path},
      {"plugins", options_.settings.plugins},
      {"components", std::move(components)},
      {"left_out", DescribeLeftOut(components_)},
      {"subscriptions", DescribeSubscriptions(*serving_->subscriptions())},
      {"open_requests", serving_->open_requests()},
      {"warnings", DescribeWarnings(host_->notices())},
      {"warnings_dropped", host_->notices().dropped()},
      {"inflight", gate_.inside()},
      {"live",
       {{"operations", operations_->size()},
        {"requests", serving_->open_requests()},
        {"registrations", serving_->registrations()->all().size()},
        {"queues", LiveQueues().size()}}},
      {"threads",
       {{"io", host_->loop().has_thread() ? 1 : 0},
        {"blocking", host_->pool().thread_count()},
        {"host_runs_loop", options_.host_runs_loop}}},
      {"clock", DescribeClock(host_->clock_gaps())},
      {"limits", DescribeLimits(options_.settings)}};
  return description.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string Runtime::Metrics() const {
  std::string calls = "# TYPE mecha_operations_total counter\n";
  std::string failures = "# TYPE mecha_operation_failures_total counter\n";
  std::string retries = "# TYPE mecha_operation_retries_total counter\n";
  std::string seconds = "# TYPE mecha_operation_seconds_total counter\n";
  std::string bytes = "# TYPE mecha_operation_bytes_total counter\n";
  for (const auto& slot : components_.slots()) {
    const Service& service = *slot->service;
    ForEachVerb(service, [&](std::string_view verb, const Counters::Snapshot& counts) {
      const std::string labels = "{component=\"" + Label(service.identity().name) + "\",type=\"" +
                                 std::string(service.info().type) + "\",operation=\"" +
                                 std::string(verb) + "\"} ";
      const auto add = [&labels](std::string& out, std::string_view name, const Json& value) {
        out += std::string(name) + labels + value.dump() + "\n";
      };
      add(calls, "mecha_operations_total", counts.calls);
      add(failures, "mecha_operation_failures_total", counts.failures);
      add(retries, "mecha_operation_retries_total", counts.retries);
      add(seconds, "mecha_operation_seconds_total", static_cast<double>(counts.nanoseconds) / 1e9);
      add(bytes, "mecha_operation_bytes_total", counts.bytes);
    });
  }
  return calls + failures + retries + seconds + bytes;
}

}  // namespace mecha
