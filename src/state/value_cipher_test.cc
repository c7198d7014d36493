// SPDX-License-Identifier: Apache-2.0
#include "state/value_cipher.h"

#include <string>

#include "encoding/base64.h"
#include "encoding/hex.h"
#include "support/catch.h"
#include "support/test_host.h"
#include "support/tls_module.h"

namespace mecha {
namespace {

// A key of so many bytes: 0, 1, 2, ...
std::string HexKey(size_t bytes) {
  std::string key;
  for (size_t i = 0; i < bytes; ++i) {
    key.push_back(static_cast<char>(i));
  }
  return EncodeHex(key);
}

struct CipherWorld {
  CipherWorld() {
    auto loaded = test::LoadTlsModule();
    INFO(loaded.status().message());
    REQUIRE(loaded.ok());
    cryptography = *std::move(loaded);
  }
  std::unique_ptr<ValueCipher> Make(const ValueCipher::Key& primary,
                                    const ValueCipher::Key& secondary = {}) {
    auto made = ValueCipher::Make(*cryptography, host, primary, secondary);
    INFO(made.status().message());
    REQUIRE(made.ok());
    return *std::move(made);
  }

  test::TestHost host;
  std::unique_ptr<Cryptography> cryptography;
};

std::string Text(const StatusOr<Buffer>& buffer) {
  return buffer.ok() ? std::string(buffer->view()) : std::string(buffer.status().message());
}

// "hello", sealed by another implementation (Python's cryptography) with nonce a0 a1 ... ab.
const std::string kSealed16 = "oKGio6SlpqeoqaqrwuNU1xEqKESG07Ps7vnXCt9dmjix";
const std::string kSealed24 = "oKGio6SlpqeoqaqrUwfSDpbTf9BIAwksfOeJ7EUb1vPP";
const std::string kSealed32 = "oKGio6Slpqeoqaqrjn0QQSq0ae3rb6hLrkcxoH2/cMVk";
const std::string kSealedEmpty = "oKGio6SlpqeoqaqrXGmWJa9Lk6D4IgoqYRnF0A==";

TEST_CASE("what another implementation sealed is opened, with keys of every size") {
  CipherWorld world;
  const std::string hex[] = {HexKey(16), HexKey(24), HexKey(32)};
  CHECK(Text(world.Make({"k", hex[0]})->Open(kSealed16 + "||k")) == "hello");
  CHECK(Text(world.Make({"k", hex[1]})->Open(kSealed24 + "||k")) == "hello");
  CHECK(Text(world.Make({"k", hex[2]})->Open(kSealed32 + "||k")) == "hello");
  CHECK(Text(world.Make({"a||b", hex[2]})->Open(kSealed32 + "||k")).find("\"k\"") !=
        std::string::npos);
  CHECK(Text(world.Make({"k", hex[2]})->Open(kSealedEmpty + "||k")).empty());
  CHECK(Text(world.Make({"k", hex[2]})->Open("")).empty());
}

TEST_CASE("a sealed value is base64 of nonce, ciphertext and tag, and the key's name") {
  CipherWorld world;
  const std::string hex = HexKey(32);
  const auto cipher = world.Make({"the-key", hex});
  std::string before;
  for (const size_t size : {size_t{0}, size_t{1}, size_t{1000}, size_t{100'000}}) {
    const std::string plain(size, 'v');
    const std::string stored = Text(cipher->Seal(plain));
    REQUIRE(stored.ends_with("||the-key"));
    const auto bytes = DecodeBase64(stored.substr(0, stored.size() - 9));
    REQUIRE(bytes.has_value());
    CHECK(bytes->size() == 12 + size + 16);
    CHECK(bytes->substr(0, 12) != before);
    before = bytes->substr(0, 12);
    CHECK(Text(cipher->Open(stored)) == plain);
  }
}

TEST_CASE("after a rotation both keys open, and the new one seals") {
  CipherWorld world;
  const std::string old_hex = HexKey(16);
  const std::string new_hex = HexKey(32);
  const std::string stored = Text(world.Make({"old", old_hex})->Seal("v"));
  const auto rotated = world.Make({"new", new_hex}, {"old", old_hex});
  CHECK(Text(rotated->Open(stored)) == "v");
  CHECK(Text(rotated->Seal("v")).ends_with("||new"));
  // Two keys of one secret have the same name.
  const auto same_name = world.Make({"old", new_hex}, {"old", old_hex});
  CHECK(Text(same_name->Open(stored)) == "v");
  CHECK(Text(same_name->Open(Text(same_name->Seal("w")))) == "w");
  const auto gone = world.Make({"new", new_hex})->Open(stored);
  CHECK(IsFailedPrecondition(gone.status()));
  CHECK(Text(gone).find("\"old\"") != std::string::npos);
}

TEST_CASE("what cannot be opened is an error that says why") {
  CipherWorld world;
  const std::string hex = HexKey(32);
  const auto cipher = world.Make({"k", hex});
  std::string changed = kSealed32 + "||k";
  changed[20] = changed[20] == 'A' ? 'B' : 'A';
  const auto opened = cipher->Open(changed);
  CHECK(opened.status().code() == StatusCode::kDataLoss);
  CHECK(Text(opened).find("another key") != std::string::npos);
  for (const char* plain : {"hello", "{\"a\":1}", "hello||k", "||", "a||b||k", "QUJD||k"}) {
    const auto not_sealed = cipher->Open(plain);
    CHECK(IsFailedPrecondition(not_sealed.status()));
    CHECK(Text(not_sealed).find("not encrypted") != std::string::npos);
  }
}

TEST_CASE("a key that is none is refused without being shown") {
  CipherWorld world;
  for (const std::string& hex : {std::string(), std::string("0011"), std::string(32, 'g'),
                                 std::string(31, '0'), std::string(66, '0')}) {
    const auto made = ValueCipher::Make(*world.cryptography, world.host, {"k", hex}, {});
    CHECK(IsInvalidArgument(made.status()));
    CHECK(made.status().message().find("primaryEncryptionKey") != std::string::npos);
    CHECK((hex.empty() || made.status().message().find(hex) == std::string::npos));
  }
  const std::string hex = HexKey(32);
  const auto made = ValueCipher::Make(*world.cryptography, world.host, {"k", hex}, {"l", "12"});
  CHECK(made.status().message().find("secondaryEncryptionKey") != std::string::npos);
}

}  // namespace
}  // namespace mecha
