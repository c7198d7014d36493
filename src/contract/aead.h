// SPDX-License-Identifier: Apache-2.0
// Aead: seals bytes with one key so that nobody without it can read or change them (AES-GCM). It
// makes no key and no nonce: take each nonce from Host::Random and never use one twice with a key.
// Made by Cryptography, which outlives it. Safe from any thread; never waits.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "result/status.h"

namespace mecha {

class Aead {
 public:
  static constexpr size_t kNonceBytes = 12;
  static constexpr size_t kTagBytes = 16;

  virtual ~Aead() = default;

  // Writes the encrypted bytes of `plain` and then the tag into `sealed`, which has room for just
  // that: kTagBytes more than `plain`. `associated` is not written, but Open needs the same again.
  virtual Status Seal(std::string_view nonce, std::string_view associated, std::string_view plain,
                      std::span<char> sealed) = 0;
  // The reverse: `plain` is kTagBytes shorter than `sealed`. DATA_LOSS when anything differs from
  // what was sealed, the key too; `plain` holds zeros then.
  virtual Status Open(std::string_view nonce, std::string_view associated, std::string_view sealed,
                      std::span<char> plain) = 0;
};

}  // namespace mecha
