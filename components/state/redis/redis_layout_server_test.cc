// SPDX-License-Identifier: Apache-2.0
// state.redis beside Dapr: what Dapr's scripts leave behind is read and written, and what this
// store writes satisfies Dapr's reads. And listings, which see every key of the server.
#include <algorithm>
#include <set>

#include "redis_store_fixture.h"

namespace MECHA_COMPONENT {
namespace {

TEST_CASE_METHOD(RedisStoreFixture, "a hash as Dapr leaves it is read and matched") {
  server.Command({"HSET", "k", "data", "\"text\"", "version", "4"});
  const auto value = user.Get("k");
  REQUIRE(value.ok());
  CHECK(value->data.view() == "\"text\"");
  CHECK(value->etag.view() == "4");
  CHECK(user.Write(SetIf("k", "new", "3")).status().code() == StatusCode::kAborted);
  CHECK(user.Write(SetIf("k", "new", "4"))->view() == "5");
}

TEST_CASE_METHOD(RedisStoreFixture, "a last-write leaves the two fields Dapr reads") {
  REQUIRE(user.Write(SetOf("k", "v")).ok());
  CHECK(server.Command({"HLEN", "k"}) == ":2\r\n");
  CHECK(server.Command({"HMGET", "k", "data", "version"}) == "*2\r\n$1\r\nv\r\n$1\r\n1\r\n");
}

TEST_CASE_METHOD(RedisStoreFixture, "a first-write leaves Dapr's mark, and a last-write keeps it") {
  REQUIRE(user.Write(CreateOf("k", "v")).ok());
  CHECK(server.Command({"HGET", "k", "first-write"}) == "$1\r\n0\r\n");
  REQUIRE(user.Write(SetOf("k", "w")).ok());
  CHECK(server.Command({"HGET", "k", "first-write"}) == "$1\r\n0\r\n");
  REQUIRE(user.Transact({SetIf("k", "x", "2"), CreateOf("j", "y")}).ok());
  CHECK(server.Command({"HGET", "j", "first-write"}) == "$1\r\n0\r\n");
}

TEST_CASE_METHOD(RedisStoreFixture, "a plain string of an old version is read without an etag") {
  server.Command({"SET", "old", "legacy value longer than short"});
  const auto value = user.Get("old");
  REQUIRE(value.ok());
  CHECK(value->data.view() == "legacy value longer than short");
  CHECK(value->etag.empty());
  REQUIRE(user.Write(SetOf("new", "n")).ok());
  const auto many = user.GetMany({"new", "old", "none"});
  REQUIRE(many.ok());
  CHECK((*many)[0]->data.view() == "n");
  CHECK((*many)[1]->data.view() == "legacy value longer than short");
  CHECK((*many)[2].status().code() == StatusCode::kNotFound);
  CHECK(user.Write(SetIf("old", "x", "1")).status().code() == StatusCode::kAborted);
  CHECK(user.Write(CreateOf("old", "x")).status().code() == StatusCode::kAborted);
  CHECK(user.Transact({CreateOf("old", "x")})->front().status().code() == StatusCode::kAborted);
  CHECK(user.Write(DeleteIf("old", "1")).status().code() == StatusCode::kAborted);
  CHECK(user.Write(SetOf("old", "x"))->view() == "1");
  CHECK(user.Read("old") == "x");
}

TEST_CASE_METHOD(RedisStoreFixture, "a key of another type cannot be read and can be overwritten") {
  server.Command({"RPUSH", "list", "a"});
  CHECK(user.Get("list").status().code() == StatusCode::kFailedPrecondition);
  CHECK((*user.GetMany({"list"}))[0].status().code() == StatusCode::kFailedPrecondition);
  CHECK((*user.Transact({SetOf("list", "v"), SetOf("b", "v")}))[0]->view() == "1");
  CHECK(user.Read("list") == "v");
  server.Command({"DEL", "list"});
  server.Command({"RPUSH", "list", "a"});
  CHECK(user.Write(DeleteOf("list")).ok());
  CHECK(user.Read("list") == "<NOT_FOUND>");
}

TEST_CASE_METHOD(RedisStoreFixture, "a damaged version starts again, and a large one stays exact") {
  for (const char* version : {"", "x", "9223372036854775807", "007", "-1", "-5"}) {
    INFO(version);
    server.Command({"HSET", "k", "data", "v", "version", version});
    CHECK(user.Write(SetOf("k", "w"))->view() == "1");
    server.Command({"HSET", "k", "version", version});
    CHECK((*user.Transact({SetOf("k", "w"), SetOf("j", "w")}))[0]->view() == "1");
  }
  server.Command({"HSET", "k", "version", "9007199254740993"});
  CHECK(user.Write(SetOf("k", "w"))->view() == "9007199254740994");
  CHECK((*user.Transact({SetOf("k", "w"), SetOf("i", "w")}))[0]->view() == "9007199254740995");
  CHECK(user.Write(SetIf("k", "x", "9007199254740995"))->view() == "9007199254740996");
}

std::vector<std::string> ListAll(StoreUser& user, std::string_view prefix, size_t limit) {
  std::vector<std::string> keys;
  std::string position;
  do {
    const auto page = user.List({prefix, limit, position});
    REQUIRE(page.ok());
    REQUIRE(page->keys.size() <= limit);
    keys.insert(keys.end(), page->keys.begin(), page->keys.end());
    position = page->next;
  } while (!position.empty());
  std::sort(keys.begin(), keys.end());
  return keys;
}

TEST_CASE_METHOD(RedisStoreFixture, "a listing shows every key of the prefix, whatever the limit") {
  std::vector<std::string> expected;
  std::vector<StateWrite> writes;
  for (int i = 0; i < 500; ++i) {
    expected.push_back("app||" + std::to_string(i));
  }
  for (const std::string& key : expected) {
    writes.push_back(SetOf(key, "v"));
  }
  const std::vector<std::string> others{"app|x", "ap", "xapp||1", "APP||1"};
  for (const std::string& key : others) {
    writes.push_back(SetOf(key, "v"));
  }
  REQUIRE(user.WriteMany(writes).ok());
  std::sort(expected.begin(), expected.end());
  for (const size_t limit : {1, 3, 7, 100, 499, 500, 501, 5000}) {
    INFO(limit);
    CHECK(ListAll(user, "app||", limit) == expected);
  }
  CHECK(ListAll(user, "nothing", 10).empty());
  CHECK(ListAll(user, "", 1000).size() == 504);
}

TEST_CASE_METHOD(RedisStoreFixture, "a prefix is literal") {
  for (const std::string_view key : {"a*b", "axb", "a?b", "a[x]b", "a\\b", "a]b", "a^b"}) {
    REQUIRE(user.Write(SetOf(key, "v")).ok());
  }
  for (const std::string key : {"a*", "a?", "a[x]", "a\\", "a]", "a^"}) {
    INFO(key);
    CHECK(ListAll(user, key, 10) == std::vector<std::string>{key + "b"});
  }
}

TEST_CASE_METHOD(RedisStoreFixture, "keys that went between two pages are not shown") {
  std::vector<std::string> names;
  for (int i = 0; i < 50; ++i) {
    names.push_back("k" + std::to_string(i));
    REQUIRE(user.Write(SetOf(names.back(), "v")).ok());
  }
  const auto first = user.List({"k", 1, ""});
  REQUIRE(first.ok());
  REQUIRE_FALSE(first->next.empty());
  for (const std::string& name : names) {
    REQUIRE(user.Write(DeleteOf(name)).ok());
  }
  const auto second = user.List({"k", 50, first->next});
  REQUIRE(second.ok());
  CHECK(second->keys.empty());
  CHECK(second->next.empty());
}

TEST_CASE_METHOD(RedisStoreFixture, "a damaged position is INVALID_ARGUMENT") {
  for (const char* position : {"x", "1", "1;5:ab", "1;2:zz", "-1;", "1;2:ab3"}) {
    INFO(position);
    CHECK(user.List({"ab", 5, position}).status().code() == StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace MECHA_COMPONENT
