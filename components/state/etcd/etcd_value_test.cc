// SPDX-License-Identifier: Apache-2.0
// What does not need a server: the envelope of v2, replies, settings, errors.
#include "etcd_value.h"

#include <chrono>
#include <string>

#include "encoding/base64.h"
#include "etcd_error.h"
#include "etcd_options.h"
#include "etcd_requests.h"
#include "json_slice.h"
#include "support/catch.h"
#include "support/state_store_user.h"

namespace MECHA_COMPONENT {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kBare("\x0A\x02hi\x12\x0B\x08\x80\xE2\xCF\xAA\x06\x10\x80\xE1\xEB\x17",
                                 17);
const WallTime kMoment = WallTime(seconds(1'700'000'000) + milliseconds(50));

TEST_CASE("the envelope of v2 is protobuf's, byte for byte") {
  CHECK(EncodeValue(Layout::kV1, "hi", kMoment, 5) == "hi");
  CHECK(EncodeValue(Layout::kV2, "hi", kMoment, 0) == kBare);
  CHECK(EncodeValue(Layout::kV2, "hi", kMoment, 300) ==
        std::string(kBare) + std::string("\x1A\x03\x08\xAC\x02", 5));
  CHECK(EncodeValue(Layout::kV2, "", kMoment, 0) == kBare.substr(4));
}

TEST_CASE("an envelope is opened, also with Dapr's empty time to live and with fields to come") {
  const auto open = [](std::string_view bytes) {
    return DecodeValue(Layout::kV2, EncodeBase64(bytes));
  };
  auto value = open(kBare);
  REQUIRE(value.ok());
  CHECK(value->data.view() == "hi");
  CHECK_FALSE(value->expires.has_value());
  value = open(std::string(kBare) + std::string("\x1A\x00", 2));
  REQUIRE(value.ok());
  CHECK_FALSE(value->expires.has_value());
  value = open(EncodeValue(Layout::kV2, "hi", kMoment, 300) + "\x20\x07\x2A\x01x");
  REQUIRE(value.ok());
  CHECK(value->expires == kMoment + seconds(300));
  // Further away than a clock can tell.
  value = open(EncodeValue(Layout::kV2, "hi", kMoment, 9'000'000'000));
  REQUIRE(value.ok());
  CHECK_FALSE(value->expires.has_value());
  CHECK(DecodeValue(Layout::kV1, EncodeBase64("hi"))->data.view() == "hi");
}

TEST_CASE("what is no envelope is DATA_LOSS, wherever it is cut") {
  const std::string whole = EncodeValue(Layout::kV2, "hi", kMoment, 300);
  for (const std::string bytes : {"\"json\"", "{}", "\xFF\xFF\xFF\xFF", "\x0A\x7Fhi"}) {
    CHECK(DecodeValue(Layout::kV2, EncodeBase64(bytes)).status().code() == StatusCode::kDataLoss);
  }
  for (size_t size = 1; size < whole.size(); ++size) {
    // Cut between two fields it is a shorter message, else none.
    const auto value = DecodeValue(Layout::kV2, EncodeBase64(whole.substr(0, size)));
    CHECK((size == 4 || size == kBare.size()) == value.ok());
  }
  CHECK(DecodeValue(Layout::kV2, "?").status().code() == StatusCode::kDataLoss);
  CHECK(DecodeValue(Layout::kV1, "?").status().code() == StatusCode::kDataLoss);
}

TEST_CASE("values are found in a reply, and nothing in what is none") {
  constexpr std::string_view kText =
      R"( {"header":{"revision":"7","kvs":1}, "e\"r" : "a\\", "kvs":[{"key":"YQ=="}, {"key":"]}"}])"
      R"(,"more":true,"n":12, "none":[ ], "last":-3})";
  const JsonSlice root(kText);
  CHECK(root.Member("header").Member("revision").Integer() == 7);
  CHECK(root.Member("kvs").First().Member("key").Text() == "YQ==");
  CHECK(root.Member("kvs").First().Next().Member("key").Text() == "]}");
  CHECK(root.Member("kvs").First().Next().Next().empty());
  CHECK(root.Member("more").IsTrue());
  CHECK(root.Member("n").Integer() == 12);
  CHECK(root.Member("last").Integer() == -3);
  CHECK(root.Member("none").First().empty());
  CHECK(root.Member("absent").Integer() == 0);
  CHECK_FALSE(root.Member("more").Integer().has_value());
  for (const std::string_view text : {"", "x", "{", "[", "\"", "{\"a", "{\"a\":", "{]", "\"\\"}) {
    INFO(text);
    CHECK(JsonSlice(text).Member("a").empty());
    CHECK(JsonSlice(text).First().empty());
    CHECK(JsonSlice(text).Next().empty());
  }
}

TEST_CASE("the end of a prefix is behind all of its keys") {
  CHECK(EndOfPrefix("a/") == "a0");
  CHECK(EndOfPrefix("a\xFF\xFF") == "b");
  CHECK(EndOfPrefix("\xFF") == std::string(1, '\0'));
}

StatusOr<EtcdOptions> Read(test::Fields fields) {
  fields.emplace("endpoints", "a");
  fields.emplace("maxTxnOps", "128");
  return ReadOptions(test::MakeSettings("state.etcd", fields));
}

TEST_CASE("settings become options, and what makes no sense names its field") {
  const auto options = Read({{"endpoints", "a:1, http://b,[::1]:3"}, {"keyPrefixPath", "p"}});
  REQUIRE(options.ok());
  REQUIRE(options->endpoints.size() == 3);
  CHECK(options->endpoints[0].address.Text() == "a:1");
  CHECK(options->endpoints[1].address.Text() == "b:2379");
  CHECK(options->endpoints[2].address.Text() == "[::1]:3");
  CHECK(options->path == "p/");
  CHECK(Read({})->path == "/");
  CHECK(Read({{"ca", "x"}})->warnings.size() == 1);
  const test::Fields wrong[] = {
      {{"endpoints", "a,,b"}},      {{"endpoints", ""}},
      {{"endpoints", "https://a"}}, {{"maxTxnOps", "0"}},
      {{"tlsEnable", "true"}},      {{"tlsEnable", "true"}, {"ca", "x"}, {"cert", "x"}}};
  constexpr std::string_view kFields[] = {"endpoints", "endpoints", "endpoints",
                                          "maxTxnOps", "ca",        "key"};
  for (size_t i = 0; i < std::size(wrong); ++i) {
    const Status status = Read(wrong[i]).status();
    CHECK(status.code() == StatusCode::kInvalidArgument);
    CHECK(status.message().find(kFields[i]) == 0);
  }
}

TEST_CASE("an error of the server has a code, and is maybe applied where the cluster gave up") {
  CHECK(FromEtcd(3, "etcdserver: request is too large").code() == StatusCode::kOutOfRange);
  CHECK(FromEtcd(8, "etcdserver: mvcc: database space exceeded").code() ==
        StatusCode::kResourceExhausted);
  CHECK(FromEtcd(5, "etcdserver: requested lease not found").code() == StatusCode::kUnavailable);
  CHECK(FromEtcd(5, "etcdserver: requested lease not found").applied() == Applied::kNo);
  CHECK(FromEtcd(14, "etcdserver: request timed out").code() == StatusCode::kUnavailable);
  CHECK(FromEtcd(14, "etcdserver: request timed out").applied() == Applied::kMaybe);
  CHECK(FromEtcd(7, "etcdserver: permission denied").applied() == Applied::kNo);
  CHECK(FromEtcd(2, "something").code() == StatusCode::kInternal);
  CHECK(FromEtcd(2, "something").applied() == Applied::kMaybe);
}

}  // namespace
}  // namespace MECHA_COMPONENT
