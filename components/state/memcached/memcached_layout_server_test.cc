// SPDX-License-Identifier: Apache-2.0
// state.memcached: what stands in the server, and what it means there.
#include <tuple>

#include "memcached_key.h"
#include "memcached_store_fixture.h"

namespace MECHA_COMPONENT {
namespace {

TEST_CASE_METHOD(MemcachedStoreFixture, "a value is stored as Dapr stores it: bytes, flags 0") {
  StateWrite write = SetOf("app||k", "{\"a\":1}");
  write.value_kind = ValueKind::kJson;
  REQUIRE(user.Write(write).ok());
  CHECK(server.Command("get app||k") == "VALUE app||k 0 7\r\n{\"a\":1}\r\nEND\r\n");
}

TEST_CASE_METHOD(MemcachedStoreFixture, "what Dapr wrote is read, with an etag to write it by") {
  REQUIRE(server.Command("set app||k 0 0 5\r\nthere") == "STORED\r\n");
  const auto value = user.Get("app||k");
  REQUIRE(value.ok());
  CHECK(value->data.view() == "there");
  CHECK(user.Write(SetIf("app||k", "here", value->etag.view())).ok());
  CHECK(server.Command("get app||k") == "VALUE app||k 0 4\r\nhere\r\nEND\r\n");
}

TEST_CASE_METHOD(MemcachedStoreFixture, "a time to live reaches the server, in both its forms") {
  for (const auto& [ttl, least, most] :
       {std::tuple{std::chrono::seconds(60), 59, 61},
        std::tuple{std::chrono::seconds(60 * 86'400), 60 * 86'400 - 2, 60 * 86'400 + 2}}) {
    StateWrite write = SetOf("k", "v");
    write.ttl = ttl;
    REQUIRE(user.Write(write).ok());
    const std::string reply = server.Command("mg k t");
    REQUIRE(reply.starts_with("HD t"));
    const int left = std::stoi(reply.substr(4));
    CHECK(left >= least);
    CHECK(left <= most);
  }
  REQUIRE(user.Write(SetOf("k", "v")).ok());
  CHECK(server.Command("mg k t") == "HD t-1\r\n");
}

TEST_CASE("each key is on the server that its hash names, and is found there") {
  test::TestMemcached servers[3];
  test::TestHost host;
  MemcachedStateStore store;
  TestCall call;
  const Settings settings = MakeSettings(
      {{"hosts", servers[0].address() + "," + servers[1].address() + ", " + servers[2].address()}});
  REQUIRE(store.Init(call.context, settings, host).ok());
  StoreUser user(store);
  std::vector<std::string> keys;
  for (int i = 0; i < 300; ++i) {
    keys.push_back("app||k" + std::to_string(i));
  }
  std::vector<StateWrite> writes;
  for (const std::string& key : keys) {
    writes.push_back(SetOf(key, key));
  }
  const auto outcomes = user.WriteMany(writes);
  REQUIRE(outcomes.ok());
  int counts[3] = {};
  for (size_t i = 0; i < keys.size(); ++i) {
    CHECK((*outcomes)[i].ok());
    const size_t index = ServerOf(keys[i], 3);
    ++counts[index];
    if (i < 10) {
      CHECK(servers[index].Command("mg " + keys[i] + " v").find(keys[i]) != std::string::npos);
    }
  }
  for (const int count : counts) {
    CHECK(count > 50);
  }
  const auto values = user.GetMany({keys.begin(), keys.end()});
  REQUIRE(values.ok());
  for (size_t i = 0; i < keys.size(); ++i) {
    REQUIRE((*values)[i].ok());
    CHECK((*values)[i]->data.view() == keys[i]);
  }

  // One server less: its keys are UNAVAILABLE, the others stay what they are.
  servers[1].Kill();
  const auto rest = user.GetMany({keys.begin(), keys.end()});
  REQUIRE(rest.ok());
  for (size_t i = 0; i < keys.size(); ++i) {
    const StatusCode wanted =
        ServerOf(keys[i], 3) == 1 ? StatusCode::kUnavailable : StatusCode::kOk;
    CHECK((*rest)[i].status().code() == wanted);
  }
  const auto again = user.WriteMany(writes);
  REQUIRE(again.ok());
  for (size_t i = 0; i < keys.size(); ++i) {
    CHECK((*again)[i].ok() == (ServerOf(keys[i], 3) != 1));
    CHECK((*again)[i].status().applied() == Applied::kNo);
  }
  CHECK(user.Ping().code() == StatusCode::kUnavailable);
}

TEST_CASE_METHOD(MemcachedStoreFixture, "a key that memcached does not take reaches no server") {
  for (const std::string& key :
       {std::string("a b"), std::string(251, 'k'), std::string("k\r\nflush_all")}) {
    CHECK(user.Get(key).status().code() == StatusCode::kInvalidArgument);
    CHECK(user.Write(SetOf(key, "v")).status().code() == StatusCode::kInvalidArgument);
    CHECK(user.Write(DeleteOf(key)).status().code() == StatusCode::kInvalidArgument);
  }
  const auto outcomes = user.WriteMany({SetOf("a", "1"), SetOf("b b", "2"), SetOf("c", "3")});
  REQUIRE(outcomes.ok());
  CHECK((*outcomes)[0].ok());
  CHECK((*outcomes)[1].status().code() == StatusCode::kInvalidArgument);
  CHECK((*outcomes)[2].ok());
  const auto values = user.GetMany({"a", "b b", "c"});
  REQUIRE(values.ok());
  CHECK((*values)[0]->data.view() == "1");
  CHECK((*values)[1].status().code() == StatusCode::kInvalidArgument);
  CHECK((*values)[2]->data.view() == "3");
}

TEST_CASE_METHOD(MemcachedStoreFixture, "a value up to the item size limit is stored") {
  // 1 MB, less what the server keeps beside it.
  const std::string fits(1024 * 1024 - 64 - 1, 'x');
  REQUIRE(user.Write(SetOf("k", fits)).ok());
  CHECK((user.Read("k") == fits));
}

TEST_CASE_METHOD(MemcachedStoreFixture,
                 "a value over the item size limit is OUT_OF_RANGE, and the one before stays") {
  REQUIRE(user.Write(SetOf("k", "before")).ok());
  for (const size_t size : {size_t{1024 * 1024 - 64}, size_t{1024 * 1024}, size_t{8 << 20}}) {
    const std::string value(size, 'x');
    const auto outcome = user.Write(SetOf("k", value));
    CHECK(outcome.status().code() == StatusCode::kOutOfRange);
    CHECK(outcome.status().applied() == Applied::kNo);
    CHECK(Mentions(outcome.status(), "-I"));
    CHECK(user.Read("k") == "before");
  }
}

TEST_CASE("a server with another item size limit is asked for it") {
  MemcachedStoreFixture fixture({"-I", "8m", "-m", "256"}, {});
  const std::string value(4 << 20, 'x');
  REQUIRE(fixture.user.Write(SetOf("k", value)).ok());
  CHECK((fixture.user.Read("k") == value));
}

TEST_CASE("a server that is full and may not evict is RESOURCE_EXHAUSTED") {
  MemcachedStoreFixture fixture({"-M", "-m", "8"}, {});
  const std::string value(100'000, 'x');
  Status status;
  for (int i = 0; i < 500 && status.ok(); ++i) {
    status = fixture.user.Write(SetOf("k" + std::to_string(i), value)).status();
  }
  CHECK(status.code() == StatusCode::kResourceExhausted);
  CHECK(status.applied() == Applied::kMaybe);
  CHECK(fixture.user.Ping().ok());
}

TEST_CASE("a server that counts no versions gives no etags, and the rest works") {
  MemcachedStoreFixture fixture({"-C"}, {});
  const auto etag = fixture.user.Write(SetOf("k", "v"));
  REQUIRE(etag.ok());
  CHECK(etag->empty());
  CHECK(fixture.user.Get("k")->etag.empty());
  CHECK(fixture.user.Write(CreateOf("k", "w")).status().code() == StatusCode::kAborted);
  CHECK(fixture.user.Read("k") == "v");
}

}  // namespace
}  // namespace MECHA_COMPONENT
