// SPDX-License-Identifier: Apache-2.0
#include "openssl_error.h"

#include <openssl/err.h>

#include <system_error>

namespace MECHA_COMPONENT {

std::string TakeReasons() {
  std::string text;
  while (const unsigned long code = ERR_get_error()) {
    std::string reason;
    if (ERR_SYSTEM_ERROR(code)) {
      reason = std::generic_category().message(ERR_GET_REASON(code));
    } else if (const char* words = ERR_reason_error_string(code)) {
      reason = words;
    } else {
      reason = "OpenSSL error " + std::to_string(code);
    }
    if (text.find(reason) == text.npos) {
      text += (text.empty() ? "" : ", ") + reason;
    }
  }
  return text;
}

Status OpensslFailed(std::string_view what) {
  const std::string reasons = TakeReasons();
  return Internal("OpenSSL cannot " + std::string(what) +
                  (reasons.empty() ? ": no reason given" : ": " + reasons));
}

}  // namespace MECHA_COMPONENT
