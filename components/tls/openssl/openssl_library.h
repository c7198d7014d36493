// SPDX-License-Identifier: Apache-2.0
// OpensslLibrary: what one Cryptography has of OpenSSL: a library context of its own, so that
// neither providers nor settings of the host apply, nor ours to the host. Nothing of it is ended at
// exit. Immutable once started; safe from any thread.
#pragma once

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <memory>

#include "openssl_pointer.h"
#include "peer_bytes.h"
#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

class OpensslLibrary {
 public:
  static StatusOr<std::unique_ptr<OpensslLibrary>> Start();
  OpensslLibrary(const OpensslLibrary&) = delete;
  OpensslLibrary& operator=(const OpensslLibrary&) = delete;
  ~OpensslLibrary();

  OSSL_LIB_CTX* context() const { return context_.get(); }
  // AES-GCM for keys of this size; null for a size that AES does not have.
  const EVP_CIPHER* Gcm(size_t key_bytes) const;
  // Has OpenSSL's generator begin anew with random bytes of the kernel's. A snapshot of this
  // process that is restored twice has the generator twice, and nobody tells it.
  Status Reseed() const;
  // Of the BIOs that PeerBytes makes.
  const BIO_METHOD* peer_method() const { return peer_method_.get(); }

 private:
  OpensslLibrary() = default;

  OpensslPointer<OSSL_LIB_CTX, OSSL_LIB_CTX_free> context_;
  OSSL_PROVIDER* provider_ = nullptr;
  std::array<OpensslPointer<EVP_CIPHER, EVP_CIPHER_free>, 3> gcm_;
  PeerBytes::Method peer_method_ = PeerBytes::MakeMethod();
};

}  // namespace MECHA_COMPONENT
