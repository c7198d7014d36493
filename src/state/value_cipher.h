// SPDX-License-Identifier: Apache-2.0
// ValueCipher: a value as Dapr stores it encrypted, and back: base64 of nonce, AES-GCM ciphertext
// and tag, then "||" and the name of the secret that holds the key. Safe from any thread; never
// waits.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "contract/cryptography.h"
#include "contract/host.h"
#include "result/buffer.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha {

class ValueCipher {
 public:
  // A key as it is configured: the name of its secret, and its bytes in hex.
  struct Key {
    std::string_view name;
    std::string_view hex;
  };

  // New values get the primary key; the secondary one, if any (its name is not empty), still opens
  // what was sealed with it. INVALID_ARGUMENT when a key is not 16, 24 or 32 bytes in hex.
  // `cryptography` and `host` outlive the cipher.
  static StatusOr<std::unique_ptr<ValueCipher>> Make(Cryptography& cryptography, Host& host,
                                                     const Key& primary, const Key& secondary);

  StatusOr<Buffer> Seal(std::string_view plain);
  // An empty value is empty. FAILED_PRECONDITION when it is not encrypted, or with a key that is
  // not here; DATA_LOSS when the key does not fit or the value was changed.
  StatusOr<Buffer> Open(std::string_view stored) const;

 private:
  struct NamedKey {
    std::string name;
    std::unique_ptr<Aead> aead;  // null: there is none
  };

  ValueCipher(Host& host, NamedKey primary, NamedKey secondary);
  static StatusOr<NamedKey> MakeKey(Cryptography& cryptography, std::string_view field,
                                    const Key& key);

  Host& host_;
  const NamedKey primary_;
  const NamedKey secondary_;
  std::atomic<uint64_t> sealed_{0};
};

}  // namespace mecha
