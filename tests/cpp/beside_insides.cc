// SPDX-License-Identifier: Apache-2.0
// Compiled, never run: the wrapper and the library's own headers in one file.
#define MECHA_CPP_QUALIFIED
#include <mecha/dispatcher.hpp>
#include <mecha/mecha.hpp>

#include "config/load_resources.h"
#include "contract/call_context.h"
#include "contract/registry.h"
#include "contract/secret_store.h"
#include "contract/state_store.h"
#include "operation/completion_queue.h"
#include "operation/error.h"
#include "operation/operation.h"
#include "resiliency/retry.h"
#include "result/buffer.h"
#include "result/status.h"
#include "runtime/runtime.h"
#include "state/state_block.h"

static_assert(!std::is_same_v<mecha::v0::Consistency, mecha::Consistency>);
