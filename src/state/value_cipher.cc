// SPDX-License-Identifier: Apache-2.0
#include "state/value_cipher.h"

#include <array>
#include <cstring>
#include <optional>
#include <utility>

#include "encoding/base64.h"
#include "encoding/hex.h"
#include "encoding/quoted.h"

namespace mecha {
namespace {

constexpr std::string_view kSeparator = "||";

// With random nonces a key is good for so many values (NIST SP 800-38D, section 8.3).
constexpr uint64_t kMostSealed = uint64_t{1} << 32;

Status NotEncrypted() {
  return FailedPrecondition(
      "the stored value is not encrypted, and this component has a primaryEncryptionKey; write the "
      "value again, or read it through a component without keys");
}

// The stored value in its two parts.
struct Sealed {
  std::string bytes;  // nonce, ciphertext, tag
  std::string_view key_name;
};

std::optional<Sealed> Parse(std::string_view stored) {
  const size_t end = stored.rfind(kSeparator);
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  std::optional<std::string> bytes = DecodeBase64(stored.substr(0, end));
  if (!bytes.has_value() || bytes->size() < Aead::kNonceBytes + Aead::kTagBytes) {
    return std::nullopt;
  }
  return Sealed{*std::move(bytes), stored.substr(end + kSeparator.size())};
}

}  // namespace

ValueCipher::ValueCipher(Host& host, NamedKey primary, NamedKey secondary)
    : host_(host), primary_(std::move(primary)), secondary_(std::move(secondary)) {}

StatusOr<ValueCipher::NamedKey> ValueCipher::MakeKey(Cryptography& cryptography,
                                                     std::string_view field, const Key& key) {
  std::optional<std::string> bytes = DecodeHex(key.hex);
  if (bytes.has_value() && (bytes->size() == 16 || bytes->size() == 24 || bytes->size() == 32)) {
    auto aead = cryptography.NewAead(*bytes);
    explicit_bzero(bytes->data(), bytes->size());
    RETURN_IF_ERROR(aead.status());
    return NamedKey{std::string(key.name), *std::move(aead)};
  }
  return InvalidArgument(Quoted(field) + ": the secret " + Quoted(key.name) +
                         " must hold 32, 48 or 64 hexadecimal digits (AES-128, 192 or 256); make "
                         "one with `openssl rand -hex 32`");
}

StatusOr<std::unique_ptr<ValueCipher>> ValueCipher::Make(Cryptography& cryptography, Host& host,
                                                         const Key& primary, const Key& secondary) {
  ASSIGN_OR_RETURN(NamedKey first, MakeKey(cryptography, "primaryEncryptionKey", primary));
  NamedKey second;
  if (!secondary.name.empty()) {
    ASSIGN_OR_RETURN(second, MakeKey(cryptography, "secondaryEncryptionKey", secondary));
  }
  return std::unique_ptr<ValueCipher>(new ValueCipher(host, std::move(first), std::move(second)));
}

StatusOr<Buffer> ValueCipher::Seal(std::string_view plain) {
  if (sealed_.fetch_add(1, std::memory_order_relaxed) == kMostSealed) {
    host_.Log(Severity::kWarning, "state",
              "the key " + Quoted(primary_.name) +
                  " has encrypted 4,294,967,296 values since the start; make it the secondary one "
                  "and give a new primary one");
  }
  std::array<unsigned char, Aead::kNonceBytes> random;
  host_.Random(random);
  std::string sealed(Aead::kNonceBytes + plain.size() + Aead::kTagBytes, '\0');
  std::memcpy(sealed.data(), random.data(), random.size());
  const std::string_view nonce(sealed.data(), Aead::kNonceBytes);
  RETURN_IF_ERROR(primary_.aead->Seal(
      nonce, {}, plain, {sealed.data() + nonce.size(), sealed.size() - nonce.size()}));
  const size_t encoded = Base64EncodedSize(sealed.size());
  Buffer stored = Buffer::OfSize(encoded + kSeparator.size() + primary_.name.size());
  char* out = stored.mutable_data();
  EncodeBase64(sealed, out);
  std::memcpy(out + encoded, kSeparator.data(), kSeparator.size());
  std::memcpy(out + encoded + kSeparator.size(), primary_.name.data(), primary_.name.size());
  return stored;
}

StatusOr<Buffer> ValueCipher::Open(std::string_view stored) const {
  if (stored.empty()) {
    return Buffer::OfSize(0);
  }
  const std::optional<Sealed> sealed = Parse(stored);
  if (!sealed.has_value()) {
    return NotEncrypted();
  }
  const std::string_view bytes = sealed->bytes;
  const std::string_view nonce = bytes.substr(0, Aead::kNonceBytes);
  bool has_key = false;
  for (const NamedKey* key : {&primary_, &secondary_}) {
    if (key->aead == nullptr || key->name != sealed->key_name) {
      continue;
    }
    has_key = true;
    Buffer plain = Buffer::OfSize(bytes.size() - Aead::kNonceBytes - Aead::kTagBytes);
    const Status opened = key->aead->Open(nonce, {}, bytes.substr(nonce.size()),
                                          {plain.mutable_data(), plain.size()});
    if (opened.ok()) {
      return plain;
    }
  }
  if (has_key) {
    return Status(StatusCode::kDataLoss,
                  "the stored value cannot be decrypted: the secret " + Quoted(sealed->key_name) +
                      " holds another key than when it was written, or the value was changed "
                      "since; put the old key back under that name, and a new key under a name of "
                      "its own");
  }
  return FailedPrecondition("the stored value was encrypted with the key " +
                            Quoted(sealed->key_name) +
                            ", which this component does not have; give it as "
                            "secondaryEncryptionKey");
}

}  // namespace mecha
