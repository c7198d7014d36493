// SPDX-License-Identifier: Apache-2.0
#include "mecha/types.h"

#define MECHA_TEXT_INNER(x) #x
#define MECHA_TEXT(x) MECHA_TEXT_INNER(x)

extern "C" {

uint32_t mecha_version(void) { return MECHA_API_VERSION; }

const char* mecha_version_string(void) {
  return MECHA_TEXT(MECHA_VERSION_MAJOR) "." MECHA_TEXT(MECHA_VERSION_MINOR) "." MECHA_TEXT(
      MECHA_VERSION_PATCH);
}

const char* mecha_status_name(mecha_status status) {
  switch (status) {
    case MECHA_OK: return "OK";
    case MECHA_PENDING: return "PENDING";
    case MECHA_PARTIAL: return "PARTIAL";
    case MECHA_CANCELLED: return "CANCELLED";
    case MECHA_INVALID_ARGUMENT: return "INVALID_ARGUMENT";
    case MECHA_DEADLINE_EXCEEDED: return "DEADLINE_EXCEEDED";
    case MECHA_NOT_FOUND: return "NOT_FOUND";
    case MECHA_ALREADY_EXISTS: return "ALREADY_EXISTS";
    case MECHA_PERMISSION_DENIED: return "PERMISSION_DENIED";
    case MECHA_RESOURCE_EXHAUSTED: return "RESOURCE_EXHAUSTED";
    case MECHA_FAILED_PRECONDITION: return "FAILED_PRECONDITION";
    case MECHA_ABORTED: return "ABORTED";
    case MECHA_OUT_OF_RANGE: return "OUT_OF_RANGE";
    case MECHA_UNIMPLEMENTED: return "UNIMPLEMENTED";
    case MECHA_INTERNAL: return "INTERNAL";
    case MECHA_UNAVAILABLE: return "UNAVAILABLE";
    case MECHA_DATA_LOSS: return "DATA_LOSS";
    case MECHA_UNAUTHENTICATED: return "UNAUTHENTICATED";
    case MECHA_BUSY: return "BUSY";
    case MECHA_CLOSED: return "CLOSED";
    case MECHA_FORKED: return "FORKED";
    case MECHA_REENTRANT: return "REENTRANT";
    case MECHA_VERSION: return "VERSION";
    case MECHA_NO_MEMORY: return "NO_MEMORY";
    case MECHA_GONE: return "GONE";
    case MECHA_SUSPENDED: return "SUSPENDED";
    case MECHA_OUTCOME_UNKNOWN: return "OUTCOME_UNKNOWN";
    case MECHA_DEADLOCK: return "DEADLOCK";
    case MECHA_STUCK: return "STUCK";
    default: return "UNKNOWN";
  }
}

}  // extern "C"
