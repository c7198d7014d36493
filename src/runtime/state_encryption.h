// SPDX-License-Identifier: Apache-2.0
// Which state stores are encrypted: those whose document has primaryEncryptionKey.
#pragma once

#include "result/status.h"
#include "runtime/component_slot.h"

namespace mecha {

// Puts the encryption around slot.state_store, before its Init. FAILED_PRECONDITION when there is a
// secondary key and no primary one.
Status EncryptIfAsked(ComponentSlot& slot);

}  // namespace mecha
