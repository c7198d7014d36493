// SPDX-License-Identifier: Apache-2.0
// AES-GCM against the vectors of its authors (McGrew and Viega, "The Galois/Counter Mode of
// Operation", which NIST's submission holds), and against what must fail.
#include <string>
#include <thread>
#include <vector>

#include "encoding/hex.h"
#include "openssl_cryptography.h"
#include "support/catch.h"

namespace MECHA_COMPONENT {
namespace {

struct Vector {
  std::string_view key, nonce, plain, associated, sealed;
};

constexpr std::string_view kKey = "feffe9928665731c6d6a8f9467308308";
constexpr std::string_view kPlain =
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6"
    "b525b16aedf5aa0de657ba637b39";
constexpr std::string_view kAssociated = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
constexpr std::string_view kNonce = "cafebabefacedbaddecaf888";
constexpr std::string_view kZeroNonce = "000000000000000000000000";

const std::vector<Vector> kVectors = {
    // Cases 1, 7 and 13: nothing but a tag.
    {"00000000000000000000000000000000", kZeroNonce, "", "", "58e2fccefa7e3061367f1d57a4e7455a"},
    {"000000000000000000000000000000000000000000000000", kZeroNonce, "", "",
     "cd33b28ac773f74ba00ed1f312572435"},
    {"0000000000000000000000000000000000000000000000000000000000000000", kZeroNonce, "", "",
     "530f8afbc74536b9a963b4f1c4cb738b"},
    // Case 14: one block of zeros.
    {"0000000000000000000000000000000000000000000000000000000000000000", kZeroNonce,
     "00000000000000000000000000000000", "",
     "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
    // Cases 4, 10 and 16: keys of each size, with associated bytes.
    {kKey, kNonce, kPlain, kAssociated,
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84"
     "aa051ba30b396a0aac973d58e091"
     "5bc94fbc3221a5db94fae95ae7121a47"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c", kNonce, kPlain, kAssociated,
     "3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c7d773d00c144c525ac619d18c84a"
     "3f4718e2448b2fe324d9ccda2710"
     "2519498e80f1478f37ba55bd6d27618c"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", kNonce, kPlain,
     kAssociated,
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b105682"
     "8838c5f61e6393ba7a0abcc9f662"
     "76fc6ece0f4e1768cddf8853bb2d551b"},
};

std::string Bytes(std::string_view hex) {
  const auto bytes = DecodeHex(hex);
  REQUIRE(bytes);
  return {bytes->begin(), bytes->end()};
}

class AeadWorld {
 public:
  AeadWorld() {
    auto made = MakeOpensslCryptography();
    REQUIRE(made.ok());
    cryptography = *std::move(made);
  }
  std::unique_ptr<Aead> With(std::string_view key) {
    auto made = cryptography->NewAead(key);
    REQUIRE(made.ok());
    return *std::move(made);
  }
  std::unique_ptr<Cryptography> cryptography;
};

TEST_CASE("AES-GCM seals and opens the published vectors") {
  AeadWorld world;
  for (const Vector& vector : kVectors) {
    INFO(vector.sealed);
    const auto aead = world.With(Bytes(vector.key));
    const std::string plain = Bytes(vector.plain);
    std::string sealed(plain.size() + Aead::kTagBytes, '?');
    REQUIRE(aead->Seal(Bytes(vector.nonce), Bytes(vector.associated), plain, sealed).ok());
    CHECK(sealed == Bytes(vector.sealed));
    std::string opened(plain.size(), '?');
    REQUIRE(aead->Open(Bytes(vector.nonce), Bytes(vector.associated), sealed, opened).ok());
    CHECK(opened == plain);
  }
}

TEST_CASE("AES-GCM opens nothing that was changed, and leaves no plain bytes behind") {
  AeadWorld world;
  const Vector& vector = kVectors.back();
  const auto aead = world.With(Bytes(vector.key));
  const std::string nonce = Bytes(vector.nonce);
  const std::string associated = Bytes(vector.associated);
  const std::string sealed = Bytes(vector.sealed);
  std::string plain(sealed.size() - Aead::kTagBytes, '?');
  for (const size_t at : {size_t{0}, sealed.size() - Aead::kTagBytes, sealed.size() - 1}) {
    std::string changed = sealed;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    const Status status = aead->Open(nonce, associated, changed, plain);
    CHECK(IsDataLoss(status));
    CHECK(plain == std::string(plain.size(), '\0'));
  }
  CHECK(IsDataLoss(aead->Open(Bytes(kZeroNonce), associated, sealed, plain)));
  CHECK(IsDataLoss(aead->Open(nonce, "another", sealed, plain)));
  const auto other = world.With(std::string(32, 'k'));
  const Status status = other->Open(nonce, associated, sealed, plain);
  CHECK(IsDataLoss(status));
  CHECK(status.message().find("another key") != std::string_view::npos);
}

TEST_CASE("AES-GCM refuses sizes that are wrong") {
  AeadWorld world;
  for (const size_t size : {0, 15, 17, 31, 33, 64}) {
    const auto made = world.cryptography->NewAead(std::string(size, 'k'));
    CHECK(IsInvalidArgument(made.status()));
    CHECK(made.status().message().find("16, 24 or 32") != std::string_view::npos);
  }
  const auto aead = world.With(std::string(16, 'k'));
  std::string room(16, '?');
  CHECK(IsInvalidArgument(aead->Seal("short", "", "", room)));
  CHECK(IsInvalidArgument(aead->Seal(std::string(12, 'n'), "", "x", room)));
  CHECK(IsInvalidArgument(aead->Open(std::string(12, 'n'), "", "too short", {})));
}

TEST_CASE("one Aead serves many threads") {
  AeadWorld world;
  const auto aead = world.With(std::string(32, 'k'));
  std::vector<std::thread> threads;
  std::vector<int> good(4, 0);
  for (size_t i = 0; i < good.size(); ++i) {
    threads.emplace_back([&aead, &good, i] {
      const std::string plain(1000 + i, static_cast<char>('a' + i));
      std::string sealed(plain.size() + Aead::kTagBytes, '?');
      std::string opened(plain.size(), '?');
      for (int round = 0; round < 200; ++round) {
        std::string nonce(12, static_cast<char>('A' + i));
        nonce[0] = static_cast<char>(round);
        const bool works = aead->Seal(nonce, "a", plain, sealed).ok() &&
                           aead->Open(nonce, "a", sealed, opened).ok() && opened == plain;
        good[i] += works ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(good == std::vector<int>(4, 200));
}

}  // namespace
}  // namespace MECHA_COMPONENT
