// SPDX-License-Identifier: Apache-2.0
// Everything: includes the other C++ headers. Start with runtime.hpp and state.hpp.
#ifndef MECHA_MECHA_HPP
#define MECHA_MECHA_HPP

#include "mecha.h"
#include "pubsub.hpp"
#include "queue.hpp"
#include "result.hpp"
#include "runtime.hpp"
#include "secretstores.hpp"
#include "serve.hpp"
#include "state.hpp"
#include "types.hpp"

#endif  // MECHA_MECHA_HPP
