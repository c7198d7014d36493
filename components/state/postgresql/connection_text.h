// SPDX-License-Identifier: Apache-2.0
// What libpq is given to connect: every keyword that it would else take from the environment, so
// that PGOPTIONS and its like, meant for psql, do not reach a host's connections. It opens nothing.
#pragma once

#include <string>

#include "connection_string.h"
#include "postgres_endpoint.h"

namespace MECHA_COMPONENT {

// For PQconnectStart. Words that libpq does not know become run-time parameters of the session.
// The text holds the password: wipe it.
std::string ConnectionText(const ConnectionWords& words, const Endpoint& endpoint);

}  // namespace MECHA_COMPONENT
