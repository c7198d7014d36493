// SPDX-License-Identifier: Apache-2.0
// OpensslCryptography: the Cryptography of this module, which registers it. Each has a library
// context of its own. Safe from any thread.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "contract/cryptography.h"
#include "openssl_library.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

class OpensslCryptography final : public Cryptography {
 public:
  explicit OpensslCryptography(std::unique_ptr<OpensslLibrary> library)
      : library_(std::move(library)) {}

  StatusOr<std::unique_ptr<Aead>> NewAead(std::string_view key) override;
  StatusOr<std::unique_ptr<TlsContext>> NewTlsContext(TlsOptions options) override;

 private:
  std::unique_ptr<OpensslLibrary> library_;
};

StatusOr<std::unique_ptr<Cryptography>> MakeOpensslCryptography();

}  // namespace MECHA_COMPONENT
