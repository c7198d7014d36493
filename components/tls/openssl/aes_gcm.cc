// SPDX-License-Identifier: Apache-2.0
#include "aes_gcm.h"

#include <openssl/crypto.h>
#include <openssl/err.h>

#include <algorithm>
#include <string>

#include "openssl_error.h"
#include "openssl_pointer.h"

namespace MECHA_COMPONENT {
namespace {

using CipherContext = OpensslPointer<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;

// OpenSSL counts in int.
constexpr size_t kMostAtOnce = size_t{1} << 30;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// Both directions; `to` null for what is authenticated only.
bool Update(EVP_CIPHER_CTX* context, std::string_view from, char* to) {
  while (!from.empty()) {
    const size_t count = std::min(from.size(), kMostAtOnce);
    int written = 0;
    if (EVP_CipherUpdate(context, reinterpret_cast<unsigned char*>(to), &written, Bytes(from),
                         static_cast<int>(count)) != 1) {
      return false;
    }
    to += to == nullptr ? 0 : count;
    from.remove_prefix(count);
  }
  return true;
}

Status CheckSizes(std::string_view nonce, size_t plain, size_t sealed) {
  if (nonce.size() != Aead::kNonceBytes) {
    return InvalidArgument("a nonce of AES-GCM has " + std::to_string(Aead::kNonceBytes) +
                           " bytes, not " + std::to_string(nonce.size()));
  }
  if (sealed != plain + Aead::kTagBytes) {
    return InvalidArgument("what AES-GCM sealed is " + std::to_string(Aead::kTagBytes) +
                           " bytes longer than the plain bytes, not " + std::to_string(plain) +
                           " and " + std::to_string(sealed) + " bytes long");
  }
  return OkStatus();
}

}  // namespace

AesGcm::AesGcm(const EVP_CIPHER* cipher, std::string_view key) : cipher_(cipher) {
  std::copy_n(key.begin(), std::min(key.size(), key_.size()), key_.begin());
}

AesGcm::~AesGcm() { OPENSSL_cleanse(key_.data(), key_.size()); }

Status AesGcm::Seal(std::string_view nonce, std::string_view associated, std::string_view plain,
                    std::span<char> sealed) {
  RETURN_IF_ERROR(CheckSizes(nonce, plain.size(), sealed.size()));
  ERR_clear_error();
  const CipherContext context(EVP_CIPHER_CTX_new());
  char* tag = sealed.data() + plain.size();
  int written = 0;
  const bool is_sealed =
      context != nullptr &&
      EVP_EncryptInit_ex2(context.get(), cipher_, key_.data(), Bytes(nonce), nullptr) == 1 &&
      Update(context.get(), associated, nullptr) && Update(context.get(), plain, sealed.data()) &&
      EVP_EncryptFinal_ex(context.get(), reinterpret_cast<unsigned char*>(tag), &written) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes, tag) == 1;
  return is_sealed ? OkStatus() : OpensslFailed("encrypt with AES-GCM");
}

Status AesGcm::Open(std::string_view nonce, std::string_view associated, std::string_view sealed,
                    std::span<char> plain) {
  RETURN_IF_ERROR(CheckSizes(nonce, plain.size(), sealed.size()));
  ERR_clear_error();
  const CipherContext context(EVP_CIPHER_CTX_new());
  const std::string_view encrypted = sealed.substr(0, plain.size());
  std::array<char, kTagBytes> tag{};
  std::copy_n(sealed.begin() + plain.size(), kTagBytes, tag.begin());
  if (context == nullptr ||
      EVP_DecryptInit_ex2(context.get(), cipher_, key_.data(), Bytes(nonce), nullptr) != 1 ||
      !Update(context.get(), associated, nullptr) ||
      !Update(context.get(), encrypted, plain.data()) ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag.data()) != 1) {
    OPENSSL_cleanse(plain.data(), plain.size());
    return OpensslFailed("decrypt with AES-GCM");
  }
  unsigned char none[kTagBytes];
  int written = 0;
  if (EVP_DecryptFinal_ex(context.get(), none, &written) != 1) {
    OPENSSL_cleanse(plain.data(), plain.size());
    ERR_clear_error();
    return Status(StatusCode::kDataLoss,
                  "AES-GCM refuses the encrypted bytes: they were changed, or sealed with another "
                  "key. Use the key they were sealed with");
  }
  return OkStatus();
}

}  // namespace MECHA_COMPONENT
