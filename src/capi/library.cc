// SPDX-License-Identifier: Apache-2.0
#include "mecha/types.h"

#include "result/status.h"

#define MECHA_TEXT_INNER(x) #x
#define MECHA_TEXT(x) MECHA_TEXT_INNER(x)

extern "C" {

uint32_t mecha_version(void) { return MECHA_API_VERSION; }

const char* mecha_version_string(void) {
  return MECHA_TEXT(MECHA_VERSION_MAJOR) "." MECHA_TEXT(MECHA_VERSION_MINOR) "." MECHA_TEXT(
      MECHA_VERSION_PATCH);
}

const char* mecha_status_name(mecha_status status) {
  if (status == MECHA_PENDING) {
    return "PENDING";
  }
  if (status == MECHA_PARTIAL) {
    return "PARTIAL";
  }
  const bool is_code = status <= MECHA_OK && status >= -UINT8_MAX;
  return NameOf(is_code ? static_cast<mecha::StatusCode>(-status) : mecha::StatusCode::kUnknown);
}

}  // extern "C"
