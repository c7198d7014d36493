// SPDX-License-Identifier: Apache-2.0
// AesGcm: the Aead of this module. It keeps its key and nothing else between two calls, so any
// number of threads may use it at once; the key is wiped with it.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <span>
#include <string_view>

#include "contract/aead.h"
#include "result/status.h"

namespace MECHA_COMPONENT {

class AesGcm final : public Aead {
 public:
  // `cipher` is for keys of this size and outlives the object.
  AesGcm(const EVP_CIPHER* cipher, std::string_view key);
  AesGcm(const AesGcm&) = delete;
  AesGcm& operator=(const AesGcm&) = delete;
  ~AesGcm() override;

  Status Seal(std::string_view nonce, std::string_view associated, std::string_view plain,
              std::span<char> sealed) override;
  Status Open(std::string_view nonce, std::string_view associated, std::string_view sealed,
              std::span<char> plain) override;

 private:
  const EVP_CIPHER* cipher_;
  std::array<unsigned char, 32> key_{};
};

}  // namespace MECHA_COMPONENT
