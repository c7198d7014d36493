// SPDX-License-Identifier: Apache-2.0
#include "mecha/types.h"

#define MECHA_TEXT_INNER(x) #x
#define MECHA_TEXT(x) MECHA_TEXT_INNER(x)

namespace mecha::capi {
namespace {

struct NamedStatus {
  mecha_status status;
  const char* name;
};

constexpr NamedStatus kStatuses[] = {
    {MECHA_OK, "OK"},
    {MECHA_PENDING, "PENDING"},
    {MECHA_PARTIAL, "PARTIAL"},
    {MECHA_CANCELLED, "CANCELLED"},
    {MECHA_UNKNOWN, "UNKNOWN"},
    {MECHA_INVALID_ARGUMENT, "INVALID_ARGUMENT"},
    {MECHA_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"},
    {MECHA_NOT_FOUND, "NOT_FOUND"},
    {MECHA_ALREADY_EXISTS, "ALREADY_EXISTS"},
    {MECHA_PERMISSION_DENIED, "PERMISSION_DENIED"},
    {MECHA_RESOURCE_EXHAUSTED, "RESOURCE_EXHAUSTED"},
    {MECHA_FAILED_PRECONDITION, "FAILED_PRECONDITION"},
    {MECHA_ABORTED, "ABORTED"},
    {MECHA_OUT_OF_RANGE, "OUT_OF_RANGE"},
    {MECHA_UNIMPLEMENTED, "UNIMPLEMENTED"},
    {MECHA_INTERNAL, "INTERNAL"},
    {MECHA_UNAVAILABLE, "UNAVAILABLE"},
    {MECHA_DATA_LOSS, "DATA_LOSS"},
    {MECHA_UNAUTHENTICATED, "UNAUTHENTICATED"},
    {MECHA_BUSY, "BUSY"},
    {MECHA_CLOSED, "CLOSED"},
    {MECHA_FORKED, "FORKED"},
    {MECHA_REENTRANT, "REENTRANT"},
    {MECHA_VERSION, "VERSION"},
    {MECHA_NO_MEMORY, "NO_MEMORY"},
    {MECHA_GONE, "GONE"},
    {MECHA_SUSPENDED, "SUSPENDED"},
    {MECHA_OUTCOME_UNKNOWN, "OUTCOME_UNKNOWN"},
    {MECHA_DEADLOCK, "DEADLOCK"},
    {MECHA_STUCK, "STUCK"},
};

}  // namespace
}  // namespace mecha::capi

extern "C" {

uint32_t mecha_version(void) { return MECHA_API_VERSION; }

const char* mecha_version_string(void) {
  return MECHA_TEXT(MECHA_VERSION_MAJOR) "." MECHA_TEXT(MECHA_VERSION_MINOR) "." MECHA_TEXT(
      MECHA_VERSION_PATCH);
}

const char* mecha_status_name(mecha_status status) {
  for (const mecha::capi::NamedStatus& known : mecha::capi::kStatuses) {
    if (known.status == status) {
      return known.name;
    }
  }
  return "UNKNOWN";
}

}  // extern "C"
