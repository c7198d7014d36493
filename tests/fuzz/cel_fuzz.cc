// SPDX-License-Identifier: Apache-2.0
// Fuzz target: a line with an expression of a routing rule, then the message's data as JSON.
// Whatever the bytes are, compiling ends with a program or an error that says something, and so
// does evaluating; the same program says the same twice.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "contract/cloud_event.h"
#include "expression/cel_program.h"
#include "pubsub/event_map.h"

namespace {

void Require(bool condition) {
  if (!condition) {
    __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = input.find('\n');
  const auto program = mecha::CelProgram::Compile(input.substr(0, end));
  if (!program.ok()) {
    Require(!program.status().message().empty());
    return 0;
  }
  mecha::CloudEvent event;
  event.type = "order.created";
  event.data_kind = mecha::CloudEvent::DataKind::kJson;
  event.data = mecha::Buffer::CopyOf(end == std::string_view::npos ? "{}" : input.substr(end + 1));
  const mecha::EventMap map(event);
  const auto first = program->Matches(map);
  const auto second = program->Matches(map);
  Require(first.ok() == second.ok());
  Require(first.ok() ? *first == *second : !first.status().message().empty());
  return 0;
}
