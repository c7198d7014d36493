// SPDX-License-Identifier: Apache-2.0
#include "state/state_block.h"

#include <algorithm>

#include "result/status.h"
#include "result/status_or.h"
#include "support/catch.h"
#include "support/fake_components.h"
#include "support/test_host.h"

namespace mecha {
namespace {

using namespace std::chrono_literals;
using test::FakeBackEnd;

class Nobody final : public OperationOwner {
 public:
  void OnOperationEnd(Operation&) override { ++ends; }
  int ends = 0;
};

// A block named "orders" in front of a store that notes what it is asked.
struct BlockWorld {
  explicit BlockWorld(const ComponentInfo& info = test::kFakeStateInfo,
                      StateBlockOptions options = {.key_prefix = "shop||",
                                                   .limits = {.most_key_bytes = 8,
                                                              .most_value_bytes = 16,
                                                              .most_transaction_writes = 2},
                                                   .default_ttl = {}})
      : service({.name = "orders", .block = "state", .file = "a.yaml", .line = 3}, info, host,
                owner),
        block(service, store, std::move(options)) {
    back_end.write = [this](const CallContext&, const StateWrite& write) -> WriteOutcome {
      seen = write;
      keys.emplace_back(write.key);
      value = write.value;
      return Etag("7");
    };
  }

  // Runs it as a blocking caller would, and gives its status.
  Status Run(const Prepared& prepared) {
    last = std::unique_ptr<Operation, Release>(prepared.operation);
    if (!prepared.refused.ok()) {
      last->Refuse(prepared.refused);
    } else {
      last->RunBlocking();
    }
    return last->status();
  }
  Status Write(const WriteRequest& request) { return Run(block.Write({}, request)); }
  Status Apply(const std::vector<WriteRequest>& writes, bool is_atomic) {
    return Run(block.Apply({}, {.writes = writes, .is_atomic = is_atomic}));
  }
  int StatusOfItem(size_t index) const {
    return static_cast<int>(last->items()[index].status.code());
  }

  struct Release {
    void operator()(Operation* operation) const { operation->Release(); }
  };
  FakeBackEnd back_end;
  test::TestHost host;
  Nobody owner;
  test::FakeStateStore store;
  Service service;
  StateBlock block;
  StateWrite seen;
  std::string value;
  std::vector<std::string> keys;
  std::unique_ptr<Operation, Release> last;
};

WriteRequest SetOf(std::string_view key, std::string_view bytes = "v") {
  WriteRequest request;
  request.key = key;
  request.value.bytes = bytes;
  return request;
}

bool Holds(const Status& status, std::string_view wanted) {
  return status.message().find(wanted) != std::string_view::npos;
}

int CodeOf(StatusCode code) { return static_cast<int>(code); }

TEST_CASE("the etag matrix: flag, etag and kind decide the condition") {
  struct Row {
    bool is_first_write;
    std::string_view etag;
    StateWrite::Kind kind;
    Condition condition;
    std::string_view passed_on;
  };
  constexpr auto kSet = StateWrite::Kind::kSet;
  constexpr auto kDelete = StateWrite::Kind::kDelete;
  for (const Row& row :
       {Row{false, "", kSet, Condition::kAlways, ""}, Row{false, "5", kSet, Condition::kAlways, ""},
        Row{true, "5", kSet, Condition::kIfMatch, "5"},
        Row{true, "", kSet, Condition::kIfAbsent, ""},
        Row{false, "", kDelete, Condition::kAlways, ""},
        Row{false, "5", kDelete, Condition::kAlways, ""},
        Row{true, "5", kDelete, Condition::kIfMatch, "5"},
        Row{true, "", kDelete, Condition::kAlways, ""}}) {
    BlockWorld world;
    WriteRequest request = SetOf("k");
    request.kind = row.kind;
    request.is_first_write = row.is_first_write;
    request.etag = row.etag;
    INFO("first write " << row.is_first_write << ", etag " << row.etag);
    REQUIRE(world.Write(request).ok());
    CHECK(world.seen.condition == row.condition);
    CHECK(world.seen.kind == row.kind);
    const auto translated = world.block.Translate(request);
    REQUIRE(translated.ok());
    CHECK(translated->etag == row.passed_on);
  }
}

TEST_CASE("an etag longer than any store's is refused only where it counts") {
  BlockWorld world;
  const std::string etag(65, 'e');
  WriteRequest request = SetOf("k");
  request.etag = etag;
  CHECK(world.Write(request).ok());
  request.is_first_write = true;
  CHECK(IsInvalidArgument(world.Write(request)));
}

TEST_CASE("a written item has its key without prefix and its new etag; the store sees the prefix") {
  BlockWorld world;
  REQUIRE(world.Write(SetOf("k")).ok());
  CHECK(world.keys == std::vector<std::string>{"shop||k"});
  REQUIRE(world.last->items().size() == 1);
  CHECK(world.last->items()[0].key == "k");
  CHECK(world.last->items()[0].etag.view() == "7");
  CHECK(world.owner.ends == 1);
  CHECK(world.service.counters().Read(Verb::kSet).bytes == 1);
}

TEST_CASE("keys and values keep to the limits") {
  BlockWorld world;
  CHECK(IsInvalidArgument(world.Write(SetOf(""))));
  CHECK(IsInvalidArgument(world.Write(SetOf("a||b"))));
  CHECK(world.Write(SetOf("12345678")).ok());
  const Status long_key = world.Write(SetOf("123456789"));
  CHECK(IsInvalidArgument(long_key));
  CHECK(Holds(long_key, "max_key_bytes"));
  CHECK(world.Write(SetOf("k", std::string(16, 'v'))).ok());
  const Status long_value = world.Write(SetOf("k", std::string(17, 'v')));
  CHECK(IsOutOfRange(long_value));
  CHECK(Holds(long_value, "max_value_bytes"));
  CHECK(world.keys.size() == 2);  // the refused ones never came to the store
  CHECK(IsInvalidArgument(world.Run(world.block.Get({}, "", Consistency::kEventual))));
}

TEST_CASE("only content type application/json makes JSON, and then the value must be JSON") {
  BlockWorld world;
  WriteRequest request = SetOf("k", "{\"a\":1}");
  for (const std::string_view type :
       {"application/json", "Application/JSON", "application/json; charset=utf-8"}) {
    request.content_type = type;
    REQUIRE(world.Write(request).ok());
    CHECK(world.seen.value_kind == ValueKind::kJson);
  }
  for (const std::string_view type : {"", "text/plain", "application/jsonlines"}) {
    request.content_type = type;
    REQUIRE(world.Write(request).ok());
    CHECK(world.seen.value_kind == ValueKind::kBinary);
  }
  request.content_type = "application/json";
  request.value.bytes = "{a:1}";
  CHECK(IsInvalidArgument(world.Write(request)));
  request.kind = StateWrite::Kind::kDelete;
  CHECK(world.Write(request).ok());  // a delete has no value to check
}

using Ttl = std::optional<std::chrono::milliseconds>;

TEST_CASE("a TTL comes from the call, its metadata, or the component, in this order") {
  StateBlockOptions options;
  options.default_ttl = 60s;
  BlockWorld world(test::kFakeStateInfo, options);
  const std::vector<std::pair<std::string_view, std::string_view>> ten{{"ttlinseconds", "10"}};
  const std::vector<std::pair<std::string_view, std::string_view>> never{{"ttlInSeconds", "-1"}};
  const auto ttl_of = [&](int64_t ttl_ms, Metadata metadata) {
    WriteRequest request = SetOf("k");
    request.ttl_ms = ttl_ms;
    request.metadata = metadata;
    REQUIRE(world.Write(request).ok());
    return world.seen.ttl;
  };
  CHECK(ttl_of(0, {}) == Ttl(60s));
  CHECK(ttl_of(1, {}) == Ttl(1ms));
  CHECK(ttl_of(-1, {}) == Ttl());
  CHECK(ttl_of(0, ten) == Ttl(10s));
  CHECK(ttl_of(1, ten) == Ttl(1ms));
  CHECK(ttl_of(-1, ten) == Ttl());
  CHECK(ttl_of(0, never) == Ttl());
}

TEST_CASE("a TTL that is none is refused") {
  BlockWorld world;
  WriteRequest request = SetOf("k");
  request.ttl_ms = -2;
  CHECK(IsInvalidArgument(world.Write(request)));
  request.ttl_ms = 0;
  for (const std::string_view text : {"soon", "1.5", "-2", "", "99999999999"}) {
    const std::vector<std::pair<std::string_view, std::string_view>> metadata{
        {"ttlInSeconds", text}};
    request.metadata = metadata;
    INFO(text);
    CHECK(IsInvalidArgument(world.Write(request)));
  }
}

TEST_CASE("what the store cannot do is UNIMPLEMENTED before it is asked") {
  BlockWorld world(test::kFakePlainInfo);
  WriteRequest request = SetOf("k");
  request.ttl_ms = 5;
  CHECK(IsUnimplemented(world.Write(request)));
  request = SetOf("k");
  request.is_first_write = true;
  CHECK(IsUnimplemented(world.Write(request)));
  request = SetOf("k");
  request.consistency = Consistency::kStrong;
  CHECK(IsUnimplemented(world.Write(request)));
  CHECK(IsUnimplemented(world.Apply({SetOf("k")}, true)));
  CHECK(IsUnimplemented(world.Run(world.block.List({}, {}))));
  CHECK(IsUnimplemented(world.Run(world.block.Get({}, "k", Consistency::kStrong))));
  CHECK(world.keys.empty());
  CHECK(world.Write(SetOf("k")).ok());
}

TEST_CASE("an absent key has no error, a failed read says where") {
  BlockWorld world;
  CHECK(IsNotFound(world.Run(world.block.Get({}, "k", Consistency::kEventual))));
  CHECK(world.last->error() == nullptr);
  world.back_end.get = [](const CallContext&, std::string_view) -> StatusOr<StateValue> {
    return Unavailable("no route");
  };
  CHECK(IsUnavailable(world.Run(world.block.Get({}, "k", Consistency::kEventual))));
  REQUIRE(world.last->error() != nullptr);
  CHECK(world.last->error()->message == "state \"orders\" (state.fake): get \"k\": no route");
  CHECK(*world.last->error()->FindDetail("file") == "a.yaml");
  CHECK(*world.last->error()->FindDetail("line") == "3");
}

TEST_CASE("reading several keys gives each its item, and some failures make it partial") {
  BlockWorld world;
  world.back_end.get = [](const CallContext&, std::string_view key) -> StatusOr<StateValue> {
    if (key == "shop||bad") {
      return Unavailable("no route");
    }
    if (key == "shop||none") {
      return NotFound();
    }
    return StateValue{.data = Buffer::CopyOf(key), .etag = Etag("1")};
  };
  const std::vector<std::string_view> keys{"a", "none", "bad", "a"};
  CHECK(world.Run(world.block.GetMany({}, keys, Consistency::kEventual)).ok());
  CHECK(world.last->is_partial());
  REQUIRE(world.last->items().size() == 4);
  CHECK(world.last->items()[0].value.view() == "shop||a");
  CHECK(world.last->items()[3].key == "a");
  CHECK(world.StatusOfItem(1) == CodeOf(StatusCode::kNotFound));
  CHECK(world.last->items()[1].error == nullptr);
  CHECK(world.last->items()[2].error != nullptr);
  CHECK(world.Run(world.block.GetMany({}, std::span(keys).first(2), Consistency::kEventual)).ok());
  CHECK_FALSE(world.last->is_partial());
  CHECK(world.Run(world.block.GetMany({}, {}, Consistency::kEventual)).ok());
  CHECK(world.last->items().empty());
}

// Fails the write of key `bad` with ABORTED, as a transaction that is rolled back.
void FailKey(BlockWorld& world, const std::string& bad, bool is_atomic) {
  world.back_end.write = [=](const CallContext&, const StateWrite& write) -> WriteOutcome {
    if (write.key == "shop||" + bad) {
      return Aborted("the etag does not match");
    }
    return is_atomic ? WriteOutcome(Cancelled("")) : WriteOutcome(Etag("9"));
  };
}

TEST_CASE("independent writes succeed and fail each by itself") {
  BlockWorld world;
  FailKey(world, "bad", false);
  CHECK(world.Apply({SetOf("a"), SetOf(""), SetOf("bad"), SetOf("a")}, false).ok());
  CHECK(world.last->is_partial());
  REQUIRE(world.last->items().size() == 4);
  CHECK(world.StatusOfItem(0) == 0);
  CHECK(world.StatusOfItem(1) == CodeOf(StatusCode::kInvalidArgument));
  CHECK(world.StatusOfItem(2) == CodeOf(StatusCode::kAborted));
  CHECK(world.StatusOfItem(3) == 0);
  CHECK(world.last->items()[0].etag.view() == "9");
  CHECK(world.last->items()[1].error != nullptr);
  CHECK(world.last->items()[0].error == nullptr);
}

TEST_CASE("when independent writes fail as a whole no item claims success") {
  BlockWorld world;
  world.back_end.batch = [] { return Unavailable("no route"); };
  CHECK(IsUnavailable(world.Apply({SetOf("a"), SetOf("")}, false)));
  CHECK(world.StatusOfItem(0) == CodeOf(StatusCode::kUnavailable));
  CHECK(world.StatusOfItem(1) == CodeOf(StatusCode::kInvalidArgument));
}

TEST_CASE("a transaction that fails names the write at fault and cancels the others") {
  BlockWorld world;
  FailKey(world, "bad", true);
  CHECK(IsAborted(world.Apply({SetOf("a"), SetOf("bad")}, true)));
  CHECK_FALSE(world.last->is_partial());
  CHECK(world.StatusOfItem(0) == CodeOf(StatusCode::kCancelled));
  CHECK(world.StatusOfItem(1) == CodeOf(StatusCode::kAborted));
  REQUIRE(world.last->error() != nullptr);
  CHECK(*world.last->error()->FindDetail("index") == "1");
}

TEST_CASE("a transaction with a wrong write, a key twice or too many never reaches the store") {
  BlockWorld world;
  CHECK(IsInvalidArgument(world.Apply({SetOf("a"), SetOf("")}, true)));
  CHECK(world.StatusOfItem(0) == CodeOf(StatusCode::kCancelled));
  CHECK(IsInvalidArgument(world.Apply({SetOf("a"), SetOf("a")}, true)));
  CHECK(IsOutOfRange(world.Apply({SetOf("a"), SetOf("b"), SetOf("c")}, true)));
  CHECK(*world.last->error()->FindDetail("max_ops") == "2");
  CHECK(world.keys.empty());
  CHECK(world.Apply({}, true).ok());
  CHECK(world.Apply({}, false).ok());
  CHECK(world.Apply({SetOf("a"), SetOf("b"), SetOf("c")}, false).ok());  // no transaction
  CHECK(world.keys.size() == 3);
}

TEST_CASE("a list shows keys without prefix, hides others' data and pages by an opaque token") {
  BlockWorld world;
  std::vector<ListRequest> requests;
  std::vector<std::string> positions;
  world.back_end.list = [&](const ListRequest& request) -> StatusOr<ListPage> {
    requests.push_back(request);
    positions.emplace_back(request.position);
    return ListPage{.keys = {"shop||pa", "shop||pact||x", "shop||pb"}, .next = "cursor"};
  };
  CHECK(world.Run(world.block.List({}, {.prefix = "p", .limit = 5000})).ok());
  CHECK(requests[0].limit == 1000);
  REQUIRE(world.last->items().size() == 2);
  CHECK(world.last->items()[1].key == "pb");
  const std::string token(world.last->page());
  CHECK_FALSE(token.empty());
  CHECK(token != "cursor");
  CHECK(world.Run(world.block.List({}, {.prefix = "p", .page = token})).ok());
  CHECK(requests[1].limit == 100);
  CHECK(positions[1] == "cursor");
  CHECK(IsInvalidArgument(world.Run(world.block.List({}, {.prefix = "q", .page = token}))));
  CHECK(IsInvalidArgument(world.Run(world.block.List({}, {.prefix = "p", .page = "x"}))));
}

TEST_CASE("a query shows values by key without prefix and pages by a token of its own") {
  BlockWorld world;
  CHECK(IsUnimplemented(world.Run(world.block.Query({}, {.query = "{}"}))));
  std::vector<size_t> limits;
  std::vector<std::string> positions;
  size_t sorted = 0;
  world.back_end.query = [&](const QueryRequest& request) -> StatusOr<QueryPage> {
    limits.push_back(request.limit);
    positions.emplace_back(request.position);
    sorted = request.sort.size();
    CHECK(request.prefix == "shop||");
    QueryPage page;
    for (const char* key : {"shop||a", "shop||actor||x", "shop||b"}) {
      page.items.push_back(
          {key, {Buffer::CopyOf("{}"), Etag("7"), ValueKind::kJson, std::nullopt}});
    }
    page.next = "3";
    return page;
  };
  const std::string_view query = R"({"sort": [{"key": "a"}], "page": {"limit": 3}})";
  CHECK(world.Run(world.block.Query({}, {.query = query})).ok());
  REQUIRE(world.last->items().size() == 2);
  const ResultItem& item = world.last->items()[1];
  CHECK((item.key == "b" && item.value.view() == "{}" && item.etag.view() == "7" && item.is_json));
  const std::string token(world.last->page());
  CHECK(world.Run(world.block.Query({}, {.query = query, .limit = 5000, .page = token})).ok());
  CHECK(world.Run(world.block.Query({}, {.query = "{}"})).ok());
  CHECK(limits == std::vector<size_t>{3, 1000, 100});
  CHECK(positions == std::vector<std::string>{"", "3", ""});
  CHECK(sorted == 0);
  const auto refused = [&](std::string_view text, std::string_view page) {
    return IsInvalidArgument(world.Run(world.block.Query({}, {.query = text, .page = page})));
  };
  CHECK(refused("{}", token));
  CHECK(refused(query, "x"));
  CHECK(refused(R"({"page": {"token": "t"}})", token));
  CHECK(refused("", ""));
  CHECK(world.Run(world.block.Query({}, {.query = query, .limit = 2})).code() ==
        StatusCode::kInternal);
  CHECK(IsInvalidArgument(world.Run(world.block.List({}, {.prefix = "p", .page = token}))));
}

TEST_CASE("a page with keys nobody asked for, or too many of them, is the store's fault") {
  BlockWorld world;
  std::vector<std::string> keys;
  world.back_end.list = [&](const ListRequest&) -> StatusOr<ListPage> {
    return ListPage{.keys = keys, .next = {}};
  };
  const ListKeysRequest request{.prefix = "p", .limit = 2};
  for (const char* key : {"", "pa", "shop||", "shop||q", "SHOP||pa"}) {
    keys = {"shop||pa", key};
    const Status status = world.Run(world.block.List({}, request));
    INFO(key << " / " << status.message());
    CHECK(CodeOf(status.code()) == CodeOf(StatusCode::kInternal));
    CHECK(Holds(status, "does not begin with the prefix"));
    CHECK(world.last->items().empty());
  }
  keys = {"shop||p", "shop||pa"};
  CHECK(world.Run(world.block.List({}, request)).ok());
  keys.emplace_back("shop||pb");
  CHECK(Holds(world.Run(world.block.List({}, request)), "3 keys where at most 2"));
}

}  // namespace
}  // namespace mecha
