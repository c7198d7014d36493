// SPDX-License-Identifier: Apache-2.0
// The one table that turns what Redis says into a status. It decides codes and words; it does not
// decide on retries.
#pragma once

#include <string_view>

#include "result/status.h"

namespace mecha::components {

struct ServerError {
  Status status;
  // The connection is of no more use: the server closes it, or another one may do better.
  bool must_reconnect = false;
};

// `text` is an error reply without its "-". Echoed arguments are cut off: they may hold a password
// or a value. Not marked as applied: a command that failed did nothing, except as the scripts say.
// `login` begins the names of the fields that advice about a login speaks of.
ServerError FromServer(std::string_view text, std::string_view login = "redis");

// What ends a connection that many share, whoever asks.
Status UnaskedReply();
Status ReconnectAsked();

}  // namespace mecha::components
