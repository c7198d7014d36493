// SPDX-License-Identifier: Apache-2.0
#include "openssl_library.h"

#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/rand.h>

#include <string>

#include "openssl_error.h"
#include "result/status.h"

namespace MECHA_COMPONENT {
namespace {

constexpr const char* kGcmNames[] = {"AES-128-GCM", "AES-192-GCM", "AES-256-GCM"};

}  // namespace

StatusOr<std::unique_ptr<OpensslLibrary>> OpensslLibrary::Start() {
  // The first in the process decides whether OpenSSL runs code at exit, when our threads may still
  // use it. It has no effect when the host was first.
  OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);
  ERR_clear_error();
  std::unique_ptr<OpensslLibrary> library(new OpensslLibrary());
  library->context_.reset(OSSL_LIB_CTX_new());
  if (library->context_ == nullptr || library->peer_method_ == nullptr) {
    return OpensslFailed("make a context");
  }
  library->provider_ = OSSL_PROVIDER_load(library->context(), "default");
  if (library->provider_ == nullptr) {
    return OpensslFailed("load its default provider");
  }
  for (size_t i = 0; i < library->gcm_.size(); ++i) {
    library->gcm_[i].reset(EVP_CIPHER_fetch(library->context(), kGcmNames[i], nullptr));
    if (library->gcm_[i] == nullptr) {
      return OpensslFailed(std::string("provide ") + kGcmNames[i]);
    }
  }
  return library;
}

OpensslLibrary::~OpensslLibrary() {
  for (auto& cipher : gcm_) {
    cipher.reset();
  }
  if (provider_ != nullptr) {
    OSSL_PROVIDER_unload(provider_);
  }
}

// The generators of threads notice it with the next bytes they are asked for.
Status OpensslLibrary::Reseed() const {
  EVP_RAND_CTX* primary = RAND_get0_primary(context());
  if (primary == nullptr || EVP_RAND_reseed(primary, 0, nullptr, 0, nullptr, 0) != 1) {
    return OpensslFailed("fetch random bytes");
  }
  return OkStatus();
}

const EVP_CIPHER* OpensslLibrary::Gcm(size_t key_bytes) const {
  switch (key_bytes) {
    case 16:
      return gcm_[0].get();
    case 24:
      return gcm_[1].get();
    case 32:
      return gcm_[2].get();
    default:
      return nullptr;
  }
}

}  // namespace MECHA_COMPONENT
