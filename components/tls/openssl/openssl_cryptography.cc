// SPDX-License-Identifier: Apache-2.0
#include "openssl_cryptography.h"

#include "aes_gcm.h"
#include "contract/registry.h"
#include "openssl_tls_context.h"
#include "result/status.h"

namespace MECHA_COMPONENT {

StatusOr<std::unique_ptr<Aead>> OpensslCryptography::NewAead(std::string_view key) {
  const EVP_CIPHER* cipher = library_->Gcm(key.size());
  if (cipher == nullptr) {
    return InvalidArgument("a key of AES has 16, 24 or 32 bytes, not " +
                           std::to_string(key.size()));
  }
  return std::make_unique<AesGcm>(cipher, key);
}

StatusOr<std::unique_ptr<TlsContext>> OpensslCryptography::NewTlsContext(TlsOptions options) {
  return OpensslTlsContext::Make(*library_, std::move(options));
}

StatusOr<std::unique_ptr<Cryptography>> MakeOpensslCryptography() {
  ASSIGN_OR_RETURN(auto library, OpensslLibrary::Start());
  return std::make_unique<OpensslCryptography>(std::move(library));
}

void Register(Registry& registry) { registry.SetCryptography(MakeOpensslCryptography); }

}  // namespace MECHA_COMPONENT
