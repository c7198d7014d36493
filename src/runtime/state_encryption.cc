// SPDX-License-Identifier: Apache-2.0
#include "runtime/state_encryption.h"

#include <string>
#include <string_view>
#include <utility>

#include "encoding/ascii.h"
#include "state/encrypted_state_store.h"

namespace mecha {
namespace {

// The name of the secret that `field` refers to; empty when it is not in the document.
std::string SecretNameOf(const ComponentDocument& document, std::string_view field) {
  for (const MetadataItem& item : document.metadata) {
    if (EqualsIgnoringCase(item.name, field) && item.secret.has_value()) {
      return item.secret->name;
    }
  }
  return {};
}

}  // namespace

Status EncryptIfAsked(ComponentSlot& slot) {
  EncryptedStateStore::SecretNames names = {SecretNameOf(slot.document, "primaryEncryptionKey"),
                                            SecretNameOf(slot.document, "secondaryEncryptionKey")};
  if (!names.primary.empty()) {
    slot.state_store =
        std::make_unique<EncryptedStateStore>(std::move(slot.state_store), std::move(names));
  } else if (!names.secondary.empty()) {
    return FailedPrecondition(
        "there is a secondaryEncryptionKey and no primaryEncryptionKey, so values would be stored "
        "readable; add the primary one");
  }
  return OkStatus();
}

}  // namespace mecha
