// SPDX-License-Identifier: Apache-2.0
// The one table that turns what PostgreSQL and libpq say into a status. It decides codes and words;
// it does not decide on retries.
#pragma once

#include <string_view>

#include "result/status.h"

namespace MECHA_COMPONENT {

struct ServerError {
  Status status;
  // The connection is of no more use: the server closes it, or another one may do better.
  bool must_reconnect = false;
  // The server may have committed before it said this: it went down, or lost track.
  bool may_have_committed = false;
};

// `sqlstate` is the five characters of an error reply, `text` its primary message: never its
// detail, which may hold values.
ServerError FromServer(std::string_view sqlstate, std::string_view text);

// `text` is PQerrorMessage of a connection that failed, verbose, so that the server's SQLSTATE
// stands in it if the server spoke. `what` is "connect to 127.0.0.1:5432" or the like.
Status FromConnection(std::string_view what, std::string_view text);

}  // namespace MECHA_COMPONENT
