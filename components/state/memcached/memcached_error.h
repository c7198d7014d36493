// SPDX-License-Identifier: Apache-2.0
// The one table that turns what memcached says into a status. It decides codes and words; it does
// not decide on retries.
#pragma once

#include <string_view>

#include "result/status.h"

namespace MECHA_COMPONENT {

struct ServerError {
  Status status;
  // The connection is of no more use: the server closes it, or what follows cannot be told apart.
  bool must_reconnect = true;
};

// `line` is a reply that is none of those a command promises. A set that fails for want of memory
// has thrown the old value away: that is marked as maybe applied.
ServerError FromServer(std::string_view line);

}  // namespace MECHA_COMPONENT
