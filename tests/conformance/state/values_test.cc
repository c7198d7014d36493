// SPDX-License-Identifier: Apache-2.0
// What a value may be: any bytes, none, many, or JSON.
#include "conformance/test_runtime.h"
#include "support/catch.h"

namespace conformance {
namespace {

std::string AllBytes() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    bytes.push_back(static_cast<char>(i));
  }
  return bytes;
}

TEST_CASE("every byte value comes back, also at the ends and doubled") {
  const StoreWorld world;
  const std::vector<std::string> values = {AllBytes(),           AllBytes() + AllBytes(),
                                           std::string("\0", 1), std::string("\0\0a\0", 4),
                                           "\xFF\xFE",           "ends in newline\n"};
  for (const std::string& value : values) {
    REQUIRE(world.store.Set("k", value).ok());
    CHECK((world.store.Value("k") == value));
  }
}

TEST_CASE("values of every length around a base64 block and a page come back") {
  const StoreWorld world;
  for (const size_t size : {1u, 2u, 3u, 4u, 5u, 63u, 64u, 65u, 4095u, 4096u, 4097u, 65536u}) {
    std::string value(size, 'x');
    value.back() = '\0';
    REQUIRE(world.store.Set("k", value).ok());
    CHECK((world.store.Value("k") == value));
  }
}

TEST_CASE("an empty value is there and empty, not absent") {
  const StoreWorld world;
  REQUIRE(world.store.Set("k", "").ok());
  const Answer answer = world.store.Get("k");
  REQUIRE(answer.ok());
  CHECK(answer.only().has_value);
  CHECK(answer.only().value.empty());
  const Answer many = world.store.GetMany({"k"});
  REQUIRE(many.ok());
  CHECK(many.only().has_value);
}

TEST_CASE("a value without bytes (NULL, size 0) is an empty value") {
  const StoreWorld world;
  const mecha_status status = mecha_state_set(world.runtime.get(), nullptr, ViewOf("store"),
                                              ViewOf("k"), mecha_buf{}, nullptr, nullptr);
  CHECK(status == MECHA_OK);
  CHECK(world.store.Get("k").only().value.empty());
  CHECK(world.store.Get("k").ok());
}

TEST_CASE("JSON of every shape comes back as the same JSON") {
  const StoreWorld world;
  for (const char* text :
       {R"({"a":1,"b":[true,null,"x"]})", "[]", "{}", "1", "-0.5e3", "true", "null", R"("text")",
        R"("\u00e4\n")", R"( {"spaced" : 1} )", R"({"nested":{"deep":[[[1]]]}})"}) {
    INFO(text);
    const Answer set = world.store.Set("k", text, AsJson());
    INFO(Words(set));
    REQUIRE(set.ok());
    const Answer get = world.store.Get("k");
    REQUIRE(get.ok());
    CHECK(nlohmann::json::parse(get.only().value) == nlohmann::json::parse(text));
    if (!world.runtime.Has("json_normalised")) {
      CHECK(get.only().value == text);
    }
    if (world.runtime.Has("json_flag")) {
      CHECK(get.only().is_json);
    }
  }
}

TEST_CASE("a value with another content type is binary, also when it looks like JSON") {
  const StoreWorld world;
  WriteOptions options;
  for (const char* type : {"text/plain", "application/octet-stream", ""}) {
    options.content_type = type;
    REQUIRE(world.store.Set("k", R"({"a":1})", options).ok());
    const Answer answer = world.store.Get("k");
    CHECK(answer.only().value == R"({"a":1})");
    CHECK_FALSE(answer.only().is_json);
  }
}

TEST_CASE("a binary value replaces JSON, and JSON a binary value") {
  const StoreWorld world;
  REQUIRE(world.store.Set("k", "[1]", AsJson()).ok());
  REQUIRE(world.store.Set("k", "\x01\x02").ok());
  CHECK(world.store.Get("k").only().value == "\x01\x02");
  CHECK_FALSE(world.store.Get("k").only().is_json);
  REQUIRE(world.store.Set("k", "[2]", AsJson()).ok());
  CHECK(world.store.Get("k").only().value == "[2]");
}

TEST_CASE("what is not JSON cannot be stored as JSON") {
  const StoreWorld world;
  REQUIRE(world.store.Set("k", "before").ok());
  for (const char* text : {"", "{", "{]", "nul", "\"open", "{\"a\":1} x", "\xFF", "'single'"}) {
    const Answer answer = world.store.Set("k", text, AsJson());
    INFO(text);
    CHECK(answer.status == MECHA_INVALID_ARGUMENT);
    CHECK(answer.has_error);
  }
  CHECK(world.store.Value("k") == "before");
}

TEST_CASE("a value of 8 MB comes back, alone, in bulk and in a transaction") {
  const StoreWorld world;
  std::string value(8 << 20, '\0');
  for (size_t i = 0; i < value.size(); ++i) {
    value[i] = static_cast<char>(i * 131 >> 7);
  }
  REQUIRE(world.store.Set("k", value).ok());
  CHECK((world.store.Value("k") == value));
  REQUIRE(world.store.Bulk({Put("bulk", value), Put("small", "x")}).ok());
  CHECK((world.store.Value("bulk") == value));
  if (world.runtime.Has("transaction")) {
    REQUIRE(world.store.Transact({Put("atomic", value), Put("small", "y")}).ok());
    CHECK((world.store.Value("atomic") == value));
  }
  const Answer many = world.store.GetMany({"k", "bulk"});
  REQUIRE(many.items.size() == 2);
  CHECK((many.items[1].value == value));
}

TEST_CASE("a value over the limit is OUT_OF_RANGE, and the one before stays") {
  const StoreWorld world;
  REQUIRE(world.store.Set("k", "before").ok());
  const std::string value((64u << 20) + 1, 'x');
  const Answer answer = world.store.Set("k", value);
  INFO(Words(answer));
  CHECK(answer.status == MECHA_OUT_OF_RANGE);
  CHECK(answer.has_error);
  CHECK(world.store.Value("k") == "before");
}

}  // namespace
}  // namespace conformance
