// SPDX-License-Identifier: Apache-2.0
#include "encoding/base64.h"

#include <random>
#include <string>
#include <utility>

#include "support/catch.h"

namespace mecha {
namespace {

const std::pair<std::string, std::string> kVectors[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {std::string("\xFF\xFE\xFD\x00", 4), "//79AA=="}};

TEST_CASE("base64 writes the RFC 4648 vectors") {
  for (const auto& [bytes, text] : kVectors) {
    CHECK(EncodeBase64(bytes) == text);
    CHECK(Base64EncodedSize(bytes.size()) == text.size());
  }
}

TEST_CASE("base64 reads the RFC 4648 vectors with and without padding") {
  for (const auto& [bytes, text] : kVectors) {
    CHECK(DecodeBase64(text) == bytes);
    CHECK(DecodeBase64(text.substr(0, text.find('='))) == bytes);
  }
}

TEST_CASE("base64 refuses what is not base64") {
  for (const char* text : {"Z", "Zg=", "Zg===", "=", "====", "Zm9v====", "Zm9vZ", "Zm 9", "Zm9v\n",
                           "Zg==Zg==", "Zm9=v", "Zm8-", "Zm8_", "Zh==", "Zm9=", "\xC3\xA4Zm"}) {
    INFO(text);
    CHECK_FALSE(DecodeBase64(text).has_value());
  }
}

TEST_CASE("base64 round-trips every length and byte within the stated bounds") {
  std::mt19937 random(7);
  for (size_t size = 0; size < 300; ++size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) {
      byte = static_cast<char>(random());
    }
    const std::string text = EncodeBase64(bytes);
    CHECK(Base64DecodedBound(text.size()) >= size);
    CHECK(DecodeBase64(text) == bytes);
    const std::string bare = text.substr(0, text.find('='));
    CHECK(Base64DecodedBound(bare.size()) == size);
    CHECK(DecodeBase64(bare) == bytes);
  }
}

}  // namespace
}  // namespace mecha
