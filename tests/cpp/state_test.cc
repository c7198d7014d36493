// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "stores.h"

namespace {

mecha::SetOptions FirstWrite(std::string_view etag = {}) {
  mecha::SetOptions options;
  options.is_first_write = true;
  options.etag = etag;
  return options;
}

}  // namespace

TEST_CASE("a value that was set is read back with its etag") {
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::State orders = runtime.state("orders");
  const mecha::Result<mecha::Written> written = orders.Set("key", "value");
  REQUIRE(written.ok());
  CHECK_FALSE(written->etag().empty());
  const mecha::Result<mecha::Value> value = orders.Get("key");
  REQUIRE(value.ok());
  CHECK(value->found());
  CHECK(value->bytes() == "value");
  CHECK(value->ToString() == "value");
  CHECK(value->etag() == written->etag());
  CHECK_FALSE(value->is_json());
  CHECK_FALSE(value->expires().has_value());
  CHECK(orders.name() == "orders");
}

TEST_CASE("an absent key is a success that was not found") {
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::Result<mecha::Value> value = runtime.state("orders").Get("absent");
  REQUIRE(value.ok());
  CHECK(value.status() == mecha::Status::kNotFound);
  CHECK_FALSE(value->found());
  CHECK(value->bytes().empty());
  CHECK(value->bytes_or("none") == "none");
  CHECK(value->etag().empty());
}

TEST_CASE("an empty value is there, and bytes of any kind survive") {
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::State orders = runtime.state("orders");
  REQUIRE(orders.Set("empty", "").ok());
  CHECK(orders.Get("empty")->found());
  CHECK(orders.Get("empty")->bytes_or("none").empty());
  const std::string_view binary("\0\xff\n", 3);
  REQUIRE(orders.Set("binary", binary).ok());
  CHECK(orders.Get("binary")->bytes() == binary);
}

TEST_CASE("JSON is stored as JSON and has to be JSON") {
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::State orders = runtime.state("orders");
  mecha::SetOptions json;
  json.content_type = mecha::kJson;
  REQUIRE(orders.Set("json", R"({"a":1})", json).ok());
  CHECK(orders.Get("json")->is_json());
  CHECK(orders.Set("json", "{", json).status() == mecha::Status::kInvalidArgument);
}

TEST_CASE("first write creates once and replaces only the version it names") {
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::State orders = runtime.state("orders");
  const mecha::Result<mecha::Written> first = orders.Set("key", "1", FirstWrite());
  REQUIRE(first.ok());
  const mecha::Result<mecha::Written> again = orders.Set("key", "2", FirstWrite());
  REQUIRE_FALSE(again.ok());
  CHECK(again.status() == mecha::Status::kAborted);
  CHECK(again.error().message().find("orders") != std::string_view::npos);
  CHECK(again.error().Detail("component") == "orders");
  CHECK(again.error().Detail("applied") == "no");
  REQUIRE(orders.Set("key", "3", FirstWrite(first->etag())).ok());
  CHECK(orders.Set("key", "4", FirstWrite(first->etag())).status() == mecha::Status::kAborted);
  CHECK(orders.Get("key")->bytes() == "3");
}

TEST_CASE("delete takes an absent key, and only the version it names") {
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::State orders = runtime.state("orders");
  CHECK(orders.Delete("absent").ok());
  REQUIRE(orders.Set("key", "1").ok());
  const std::string old = std::string(orders.Get("key")->etag());
  REQUIRE(orders.Set("key", "2").ok());
  mecha::DeleteOptions only_old;
  only_old.etag = old;
  only_old.is_first_write = true;
  CHECK(orders.Delete("key", only_old).status() == mecha::Status::kAborted);
  CHECK(orders.Delete("key").ok());
  CHECK_FALSE(orders.Get("key")->found());
}

TEST_CASE("many keys are read in the order they were asked for") {
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::State orders = runtime.state("orders");
  REQUIRE(orders.Set("a", "1").ok());
  REQUIRE(orders.Set("b", "2").ok());
  const mecha::Result<mecha::Values> values = orders.GetMany({"b", "absent", "a", "b"});
  REQUIRE(values.ok());
  REQUIRE(values->size() == 4);
  CHECK((*values)[0].value == "2");
  CHECK((*values)[0].key == "b");
  CHECK((*values)[1].status == mecha::Status::kNotFound);
  CHECK((*values)[2].value == "1");
  CHECK((*values)[3].value == "2");
  CHECK(values->Message(1) == "NOT_FOUND");

  std::vector<std::string> names;
  for (int i = 0; i < 40; ++i) names.push_back(i % 2 == 0 ? "a" : "b");
  const std::vector<std::string_view> views(names.begin(), names.end());
  const mecha::Result<mecha::Values> many = orders.GetMany(views);
  REQUIRE(many.ok());
  REQUIRE(many->size() == 40);
  CHECK((*many)[38].value == "1");
  CHECK((*many)[39].value == "2");
  CHECK(orders.GetMany({})->size() == 0);
}

TEST_CASE("a transaction writes all or nothing, and says which write was at fault") {
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::State orders = runtime.state("orders");
  REQUIRE(orders.Set("total", "1").ok());
  const mecha::Result<mecha::Outcomes> failed =
      orders.Apply({mecha::Write::Set("order", "x", FirstWrite()), mecha::Write::Delete("other"),
                    mecha::Write::Set("total", "2", FirstWrite())});
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.status() == mecha::Status::kAborted);
  CHECK(failed.error().Detail("index") == "2");
  const mecha::Answer& items = failed.error().answer();
  REQUIRE(items.size() == 3);
  CHECK(items.item(0).status == mecha::Status::kCancelled);
  CHECK(items.item(2).status == mecha::Status::kAborted);
  CHECK_FALSE(orders.Get("order")->found());

  const std::string etag = std::string(orders.Get("total")->etag());
  const mecha::Result<mecha::Outcomes> applied =
      orders.Apply({mecha::Write::Set("order", "x", FirstWrite()),
                    mecha::Write::Set("total", "2", FirstWrite(etag))});
  REQUIRE(applied.ok());
  REQUIRE(applied->size() == 2);
  CHECK((*applied)[0].etag == orders.Get("order")->etag());
  CHECK(orders.Get("total")->bytes() == "2");
  CHECK(orders.Apply({})->size() == 0);
}

TEST_CASE("independent writes fail one by one") {
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::State orders = runtime.state("orders");
  REQUIRE(orders.Set("taken", "1").ok());
  mecha::ApplyOptions each;
  each.is_atomic = false;
  const mecha::Result<mecha::Outcomes> outcomes = orders.Apply(
      {mecha::Write::Set("taken", "2", FirstWrite()), mecha::Write::Set("free", "2", FirstWrite())},
      each);
  REQUIRE(outcomes.ok());
  CHECK(outcomes.status() == mecha::Status::kPartial);
  CHECK((*outcomes)[0].status == mecha::Status::kAborted);
  CHECK_FALSE(outcomes->Message(0).empty());
  CHECK((*outcomes)[1].status == mecha::Status::kOk);
  CHECK(orders.Get("free")->bytes() == "2");
}

TEST_CASE("a transaction of many writes with metadata is handed over whole") {
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::State orders = runtime.state("orders");
  const std::array<mecha::Entry, 1> metadata = {{{"ttlInSeconds", "100"}}};
  std::vector<std::string> keys;
  for (int i = 0; i < 50; ++i) keys.push_back("many-" + std::to_string(i));
  std::vector<mecha::Write> writes;
  for (const std::string& key : keys) {
    writes.push_back(mecha::Write::Set(key, key));
    writes.back().metadata = metadata;
  }
  const mecha::Result<mecha::Outcomes> outcomes = orders.Apply(writes);
  INFO((outcomes.ok() ? "" : std::string(outcomes.error().message())));
  REQUIRE(outcomes.ok());
  CHECK(outcomes->size() == 50);
  CHECK(orders.Get("many-49")->bytes() == "many-49");
  CHECK(orders.Get("many-49")->expires().has_value());
}

TEST_CASE("keys are listed by prefix, a page at a time") {
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::State orders = runtime.state("orders");
  std::set<std::string> wanted;
  for (int i = 0; i < 25; ++i) wanted.insert("list-" + std::to_string(i));
  for (const std::string& key : wanted) REQUIRE(orders.Set(key, "x").ok());
  REQUIRE(orders.Set("other", "x").ok());

  mecha::ListOptions ten;
  ten.limit = 10;
  std::set<std::string> listed;
  std::string page;
  int pages = 0;
  do {
    ten.page = page;
    const mecha::Result<mecha::Page> keys = orders.List("list-", ten);
    REQUIRE(keys.ok());
    CHECK(keys->size() <= 10);
    for (std::size_t i = 0; i < keys->size(); ++i) listed.emplace((*keys)[i]);
    page = std::string(keys->next());
    ++pages;
  } while (!page.empty() && pages < 100);
  CHECK(listed == wanted);
  CHECK(pages >= 3);
}

TEST_CASE("a query is refused by a store that cannot search, and a mistake says where") {
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::State orders = runtime.state("orders");
  const mecha::Result<mecha::Matches> found = orders.Query(R"({"filter": {"EQ": {"a": 1}}})");
  CHECK(found.status() == mecha::Status::kUnimplemented);
  mecha::QueryOptions page;
  page.page = "no token";
  CHECK(orders.Query("{}", page).status() == mecha::Status::kInvalidArgument);
  const mecha::Result<mecha::Matches> wrong = orders.Query(R"({"filter": {"LIKE": {}}})");
  CHECK(wrong.status() == mecha::Status::kInvalidArgument);
  CHECK(wrong.error().message().find("LIKE") != std::string_view::npos);
}

TEST_CASE("a cursor walks over all pages and stops at the end") {
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::State orders = runtime.state("orders");
  std::set<std::string> wanted;
  for (int i = 0; i < 250; ++i) wanted.insert("walk-" + std::to_string(i));
  for (const std::string& key : wanted) REQUIRE(orders.Set(key, "x").ok());
  std::set<std::string> walked;
  mecha::KeyCursor keys = orders.Keys("walk-");
  while (keys.Next()) walked.emplace(keys.key());
  CHECK(keys.ok());
  CHECK(walked == wanted);
  CHECK_FALSE(keys.Next());
  mecha::KeyCursor none = orders.Keys("nothing-");
  CHECK_FALSE(none.Next());
  CHECK(none.ok());
}

TEST_CASE("a cursor over an unknown store ends with the error") {
  const mecha::Runtime runtime = StartedRuntime();
  mecha::KeyCursor keys = runtime.state("nowhere").Keys();
  CHECK_FALSE(keys.Next());
  REQUIRE_FALSE(keys.ok());
  CHECK(keys.error().status() == mecha::Status::kNotFound);
  CHECK_FALSE(keys.Next());
}

TEST_CASE("wrong keys are refused with a message") {
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::State orders = runtime.state("orders");
  for (const std::string& key : {std::string(), std::string("a||b"), std::string(5000, 'k')}) {
    const mecha::Result<mecha::Written> written = orders.Set(key, "x");
    CHECK(written.status() == mecha::Status::kInvalidArgument);
    CHECK(written.error().message().size() > 10);
  }
}

TEST_CASE("options of a call reach the library") {
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::State orders = runtime.state("orders");
  mecha::Operation operation;
  mecha::CallOptions call;
  call.timeout = std::chrono::seconds(5);
  call.is_idempotent = true;
  call.retry = mecha::RetryPolicy{mecha::RetryPattern::kExponential, std::chrono::milliseconds(1),
                                  std::chrono::milliseconds(5), 2};
  call.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  call.operation = &operation;
  CHECK(orders.Set("key", "value", {}, call).ok());
  CHECK(orders.Get("key", {}, call)->bytes() == "value");
  call.within = 12345;
  CHECK(orders.Get("key", {}, call).status() == mecha::Status::kGone);
}
