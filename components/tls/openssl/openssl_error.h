// SPDX-License-Identifier: Apache-2.0
// What OpenSSL says of a failure. It keeps its reasons in a list of the calling thread, which must
// be empty before a call whose failure is looked at.
#pragma once

#include <string>
#include <string_view>

#include "result/status.h"

namespace MECHA_COMPONENT {

// Takes all reasons off the thread's list, as text; "" when there are none.
std::string TakeReasons();

// INTERNAL, as for calls that fail when memory is short only.
Status OpensslFailed(std::string_view what);

}  // namespace MECHA_COMPONENT
