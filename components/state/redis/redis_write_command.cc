// SPDX-License-Identifier: Apache-2.0
#include "redis_write_command.h"

#include <algorithm>
#include <charconv>

#include "contract/state_outcomes.h"
#include "redis_scripts.h"
#include "result/status.h"

namespace MECHA_COMPONENT {
namespace {

// Beyond it PEXPIRE would refuse in the middle of a script: some 30,000 years.
constexpr std::chrono::milliseconds kLongestTtl{1'000'000'000'000'000};

std::string_view ModeOf(const StateWrite& write) {
  const bool is_delete = write.kind == StateWrite::Kind::kDelete;
  switch (write.condition) {
    case Condition::kIfMatch:
      return is_delete ? "M" : "m";
    case Condition::kIfAbsent:
      return "n";
    case Condition::kAlways:
      break;
  }
  return is_delete ? "A" : "a";
}

void AddTtl(RedisCommands& commands, const StateWrite& write) {
  if (write.ttl.has_value() && write.kind == StateWrite::Kind::kSet) {
    commands.Add(TtlMilliseconds(write));
  } else {
    commands.Add("");
  }
}

std::string_view EtagOf(const StateWrite& write) {
  return write.condition == Condition::kIfMatch ? write.etag : std::string_view();
}

}  // namespace

Status CheckEtag(const StateWrite& write) {
  if (write.condition != Condition::kIfMatch) {
    return OkStatus();
  }
  const std::string_view etag = write.etag;
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(etag.data(), etag.data() + etag.size(), number);
  const bool is_number = error == std::errc() && end == etag.data() + etag.size();
  const bool has_leading_zero = etag.size() > 1 && etag.front() == '0';
  if (!is_number || has_leading_zero) {
    return InvalidArgument(
        "the etag is no version number of state.redis; pass the etag that a "
        "get or a write returned");
  }
  return OkStatus();
}

bool NeedsScript(const StateWrite& write) {
  return write.kind == StateWrite::Kind::kSet || write.condition != Condition::kAlways;
}

void AddWrite(RedisCommands& commands, const StateWrite& write, ScriptForm form) {
  if (!NeedsScript(write)) {
    commands.AddCommand({"DEL", write.key});
    return;
  }
  if (write.kind == StateWrite::Kind::kDelete) {
    BeginScript(commands, kDeleteScript, form, 1, 1);
    commands.Add(write.key);
    commands.Add(EtagOf(write));
    return;
  }
  BeginScript(commands, kSetScript, form, 1, 4);
  commands.Add(write.key);
  AddTransactionArguments(commands, write);
}

void AddTransactionArguments(RedisCommands& commands, const StateWrite& write) {
  commands.Add(ModeOf(write));
  commands.Add(write.kind == StateWrite::Kind::kSet ? write.value : std::string_view());
  AddTtl(commands, write);
  commands.Add(EtagOf(write));
}

int64_t TtlMilliseconds(const StateWrite& write) {
  return std::clamp(*write.ttl, std::chrono::milliseconds(1), kLongestTtl).count();
}

Status MarkHalfDone(Status status, const Reply& reply) {
  const bool names_script = reply.text().find("script") != std::string_view::npos;
  const bool may_be_half_done = names_script && (status.code() == StatusCode::kPermissionDenied ||
                                                 status.code() == StatusCode::kInternal);
  return may_be_half_done ? MarkApplied(std::move(status), Applied::kMaybe) : status;
}

Etag ReadVersion(const Reply& reply) {
  if (reply.type != Reply::Type::kInteger) {
    return Etag(reply.is_text() ? reply.text() : std::string_view());
  }
  char digits[24];
  const char* end = std::to_chars(digits, digits + sizeof digits, reply.integer).ptr;
  return Etag({digits, static_cast<size_t>(end - digits)});
}

WriteOutcome ReadOutcome(const StateWrite& write, const Reply& reply) {
  if (reply.is_nil()) {
    return ConditionFailed(write.condition);
  }
  if (write.kind == StateWrite::Kind::kDelete && reply.type == Reply::Type::kInteger) {
    return Etag();
  }
  const Etag etag = ReadVersion(reply);
  if (etag.empty()) {
    return MarkApplied(Status(StatusCode::kDataLoss, "Redis answered a write with something else"),
                       Applied::kMaybe);
  }
  return etag;
}

}  // namespace MECHA_COMPONENT
