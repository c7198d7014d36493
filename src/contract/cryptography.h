// SPDX-License-Identifier: Apache-2.0
// Cryptography: what the module tls.so gives to components and blocks, through
// Host::LoadCryptography. The library itself has no cryptography. It outlives what it makes. Safe
// from any thread.
#pragma once

#include <memory>
#include <string_view>

#include "contract/aead.h"
#include "contract/tls.h"
#include "result/status_or.h"

namespace mecha {

class Cryptography {
 public:
  // The type that its module shows and its file is named after.
  static constexpr char kModuleType[] = "tls";

  virtual ~Cryptography() = default;

  // AES-GCM with a key of 16, 24 or 32 bytes, which is copied, and wiped with the Aead.
  // INVALID_ARGUMENT for a key of another size.
  virtual StatusOr<std::unique_ptr<Aead>> NewAead(std::string_view key) = 0;
  // Reads what `options` name once, so that a mistake shows at once: blocks on the disk.
  // INVALID_ARGUMENT and FAILED_PRECONDITION name the setting, the file and what is wrong.
  virtual StatusOr<std::unique_ptr<TlsContext>> NewTlsContext(TlsOptions options) = 0;
};

using MakeCryptography = StatusOr<std::unique_ptr<Cryptography>> (*)();

}  // namespace mecha
