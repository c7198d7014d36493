// SPDX-License-Identifier: Apache-2.0
// The one table that turns what Redis and the system say into a status. It decides codes and words;
// it does not decide on retries.
#pragma once

#include <string_view>

#include "call/clock.h"
#include "result/status.h"

namespace MECHA_COMPONENT {

struct ServerError {
  Status status;
  // The connection is of no more use: the server closes it, or another one may do better.
  bool must_reconnect = false;
};

// `text` is an error reply without its "-". Echoed arguments are cut off: they may hold a password
// or a value. Not marked as applied: a command that failed did nothing, except as the scripts say.
ServerError FromServer(std::string_view text);

// What ends a connection that many share, whoever asks.
Status UnaskedReply();
Status ReconnectAsked();
// `place` was waited for as long as the limit allows: "wait for a reply of 127.0.0.1:6379".
Status NoProgress(std::string_view place, Duration limit);

// A failed system call, for example FromSystem("connect to 127.0.0.1:6379", ECONNREFUSED).
Status FromSystem(std::string_view what, int error);

}  // namespace MECHA_COMPONENT
