// SPDX-License-Identifier: Apache-2.0
#include "sqlite_state_store.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "encoding/uuid.h"
#include "store_under_test.h"
#include "support/catch.h"

namespace MECHA_COMPONENT {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kOtherEtag = "00000000-0000-4000-8000-000000000000";

StateWrite PutFor(std::string_view key, std::string_view value, milliseconds ttl) {
  StateWrite write = Put(key, value);
  write.ttl = ttl;
  return write;
}

TEST_CASE("a value that was set is read back, and is gone once deleted") {
  StoreUnderTest store;
  CHECK(store.Text("k") == "NOT_FOUND");
  const WriteOutcome etag = store.Write(Put("k", "one"));
  REQUIRE(etag.ok());
  CHECK(IsUuid(etag->view()));
  const auto value = store.Get("k");
  REQUIRE(value.ok());
  CHECK(value->data.view() == "one");
  CHECK(value->kind == ValueKind::kBinary);
  CHECK(value->etag.view() == etag->view());
  CHECK_FALSE(value->expires.has_value());
  CHECK(store.Write(Removal("k"))->empty());
  CHECK(store.Text("k") == "NOT_FOUND");
  CHECK(store.Write(Removal("k")).ok());
}

TEST_CASE("NOT_FOUND carries no message, so that it allocates nothing") {
  StoreUnderTest store;
  CHECK(store.Get("k").status().message().empty());
}

TEST_CASE("every write makes a new etag") {
  StoreUnderTest store;
  std::vector<std::string> etags;
  for (int i = 0; i < 600; ++i) {
    etags.emplace_back(store.Write(Put("k", "v"))->view());
  }
  std::sort(etags.begin(), etags.end());
  CHECK(std::unique(etags.begin(), etags.end()) == etags.end());
}

TEST_CASE("bytes of every value, empty ones and 8 MB come back as they were") {
  StoreUnderTest store;
  std::string every;
  for (int i = 0; i < 256; ++i) {
    every += static_cast<char>(i);
  }
  std::string large(8 << 20, '\0');
  for (size_t i = 0; i < large.size(); ++i) {
    large[i] = static_cast<char>(i * 31 + i / 4096);
  }
  for (const std::string& bytes : {every, std::string(), std::string("a"), large}) {
    REQUIRE(store.Write(Put("bytes", bytes)).ok());
    CHECK(store.Text("bytes") == bytes);
  }
  const std::string json = R"({"text":"\u0000 äöü","n":1.50})";
  REQUIRE(store.Write(PutJson("json", json)).ok());
  CHECK(store.Text("json") == json);
  CHECK(store.Get("json")->kind == ValueKind::kJson);
}

TEST_CASE("keys may hold any bytes") {
  StoreUnderTest store;
  const std::vector<std::string> keys = {
      "a b",      "%_",   "'\";--", std::string("zero\0inside", 11),
      "\xff\xfe", "ключ", "a||b",   std::string(1024, 'k')};
  for (const std::string& key : keys) {
    REQUIRE(store.Write(Put(key, key)).ok());
  }
  for (const std::string& key : keys) {
    CHECK(store.Text(key) == key);
  }
  CHECK(store.Text("zero") == "NOT_FOUND");
  CHECK(store.List("").keys.size() == keys.size());
}

TEST_CASE("the etag matrix: what each condition does to a present and an absent key") {
  StoreUnderTest store;
  const std::string etag(store.Write(Put("k", "1"))->view());
  CHECK(IsAborted(store.Write(Put("k", "2", Condition::kIfMatch, kOtherEtag)).status()));
  CHECK(IsAborted(store.Write(Put("k", "2", Condition::kIfAbsent)).status()));
  CHECK(IsAborted(store.Write(Removal("k", kOtherEtag)).status()));
  CHECK(store.Text("k") == "1");
  const WriteOutcome second = store.Write(Put("k", "2", Condition::kIfMatch, etag));
  REQUIRE(second.ok());
  CHECK(second->view() != etag);
  CHECK(IsAborted(store.Write(Put("k", "3", Condition::kIfMatch, etag)).status()));
  CHECK(store.Write(Put("k", "4", Condition::kAlways, kOtherEtag)).ok());
  CHECK(store.Text("k") == "4");

  CHECK(IsAborted(store.Write(Put("new", "1", Condition::kIfMatch, etag)).status()));
  CHECK(IsAborted(store.Write(Removal("new", etag)).status()));
  CHECK(store.Write(Put("new", "1", Condition::kIfAbsent)).ok());
  CHECK(store.Write(Removal("new", store.Get("new")->etag.view())).ok());
  CHECK(store.Text("new") == "NOT_FOUND");
}

TEST_CASE("an etag that is no UUID is refused and changes nothing") {
  StoreUnderTest store;
  REQUIRE(store.Write(Put("k", "1")).ok());
  for (const char* etag : {"1", "", "00000000-0000-4000-8000-00000000000g"}) {
    CHECK(IsInvalidArgument(store.Write(Put("k", "2", Condition::kIfMatch, etag)).status()));
  }
  CHECK(IsInvalidArgument(store.Write(Removal("k", "abc")).status()));
  CHECK(store.Text("k") == "1");
}

TEST_CASE("a value is hidden everywhere once its time to live is over") {
  StoreUnderTest store;
  const std::string etag(store.Write(PutFor("k", "1", seconds(10)))->view());
  REQUIRE(store.Write(Put("stays", "1")).ok());
  const auto value = store.Get("k");
  REQUIRE(value.ok());
  REQUIRE(value->expires.has_value());
  const Duration left = *value->expires - store.host().clock().WallNow();
  CHECK(left > seconds(9));
  CHECK(left <= seconds(11));

  store.host().Advance(seconds(9));
  CHECK(store.Text("k") == "1");
  store.host().Advance(seconds(3));
  CHECK(store.Text("k") == "NOT_FOUND");
  CHECK(IsNotFound(store.GetMany({"k"})[0].status()));
  CHECK(store.List("").keys == std::vector<std::string>{"stays"});
  CHECK(IsAborted(store.Write(Put("k", "2", Condition::kIfMatch, etag)).status()));
  CHECK(IsAborted(store.Write(Removal("k", etag)).status()));
  CHECK(store.Write(Put("k", "3", Condition::kIfAbsent)).ok());
  CHECK(store.Text("k") == "3");
  CHECK_FALSE(store.Get("k")->expires.has_value());
}

TEST_CASE("a time to live below a second lasts at least as long as it says") {
  StoreUnderTest store;
  REQUIRE(store.Write(PutFor("k", "1", milliseconds(1500))).ok());
  store.host().Advance(milliseconds(1400));
  CHECK(store.Text("k") == "1");
  store.host().Advance(milliseconds(1200));
  CHECK(store.Text("k") == "NOT_FOUND");
}

TEST_CASE("a later write without a time to live takes it away") {
  StoreUnderTest store;
  REQUIRE(store.Write(PutFor("k", "1", seconds(1))).ok());
  REQUIRE(store.Write(Put("k", "2")).ok());
  store.host().Advance(seconds(5));
  CHECK(store.Text("k") == "2");
}

TEST_CASE("get_many answers each key in its place") {
  StoreUnderTest store;
  REQUIRE(store.Write(Put("a", "1")).ok());
  REQUIRE(store.Write(Put("b", "2")).ok());
  const auto values = store.GetMany({"b", "none", "a", "b"});
  REQUIRE(values.size() == 4);
  CHECK(values[0]->data.view() == "2");
  CHECK(IsNotFound(values[1].status()));
  CHECK(values[2]->data.view() == "1");
  CHECK(values[3]->data.view() == "2");
  CHECK(store.GetMany({}).empty());
}

TEST_CASE("write_many applies each write by itself, in order") {
  StoreUnderTest store;
  const auto outcomes =
      store.WriteMany({Put("a", "1"), Put("a", "2", Condition::kIfAbsent),
                       Put("b", "3", Condition::kIfMatch, "bad"), Put("c", "4"), Put("c", "5")});
  REQUIRE(outcomes.size() == 5);
  CHECK(outcomes[0].ok());
  CHECK(IsAborted(outcomes[1].status()));
  CHECK(IsInvalidArgument(outcomes[2].status()));
  CHECK(outcomes[4].ok());
  CHECK(store.Text("a") == "1");
  CHECK(store.Text("b") == "NOT_FOUND");
  CHECK(store.Text("c") == "5");
}

TEST_CASE("a transaction applies everything, or nothing and says which write failed") {
  StoreUnderTest store;
  const std::string etag(store.Write(Put("a", "1"))->view());
  auto outcomes = store.Transact({Put("a", "2", Condition::kIfMatch, etag), Put("b", "1")});
  REQUIRE(outcomes.ok());
  CHECK((*outcomes)[0].ok());
  CHECK((*outcomes)[1].ok());

  outcomes =
      store.Transact({Put("c", "1"), Put("a", "3", Condition::kIfMatch, etag), Removal("b")});
  REQUIRE(outcomes.ok());
  CHECK(IsCancelled((*outcomes)[0].status()));
  CHECK(IsAborted((*outcomes)[1].status()));
  CHECK(IsCancelled((*outcomes)[2].status()));
  CHECK(store.Text("a") == "2");
  CHECK(store.Text("b") == "1");
  CHECK(store.Text("c") == "NOT_FOUND");
  CHECK(store.Transact({})->empty());
  CHECK(IsAborted((*store.Transact({Put("a", "4", Condition::kIfAbsent)}))[0].status()));
}

TEST_CASE("a transaction of 1,000 operations is applied in order") {
  StoreUnderTest store;
  std::vector<std::string> keys;
  for (int i = 0; i < 1000; ++i) {
    keys.push_back("key" + std::to_string(i));
  }
  std::vector<StateWrite> writes;
  for (const std::string& key : keys) {
    writes.push_back(Put(key, key));
  }
  const auto outcomes = store.Transact(writes);
  REQUIRE(outcomes.ok());
  CHECK(std::all_of(outcomes->begin(), outcomes->end(), [](const auto& o) { return o.ok(); }));
  CHECK(store.List("key", 2000).keys.size() == 1000);
}

TEST_CASE("a list walks through all keys of a literal prefix, page by page") {
  StoreUnderTest store;
  std::vector<std::string> keys;
  for (int i = 0; i < 25; ++i) {
    keys.push_back("p%_" + std::to_string(100 + i));
  }
  std::vector<StateWrite> writes = {Put("p%", ""), Put("pab1", ""), Put("p%a", ""), Put("q", "")};
  for (const std::string& key : keys) {
    writes.push_back(Put(key, "v"));
  }
  store.WriteMany(writes);
  std::vector<std::string> found;
  std::string position;
  int pages = 0;
  do {
    ListPage page = store.List("p%_", 10, position);
    found.insert(found.end(), page.keys.begin(), page.keys.end());
    position = page.next;
    ++pages;
  } while (!position.empty());
  std::sort(found.begin(), found.end());
  CHECK(found == keys);
  CHECK(pages == 3);
  CHECK(store.List("p%_", 25).next.empty());
  CHECK(store.List("none").keys.empty());
}

TEST_CASE("a prefix that ends in the highest byte finds its keys and no others") {
  StoreUnderTest store;
  store.WriteMany({Put("a\xff", ""), Put("a\xff\xff", ""), Put("b", ""), Put("\xff\xff", "")});
  CHECK(store.List("a\xff").keys.size() == 2);
  CHECK(store.List("\xff").keys == std::vector<std::string>{"\xff\xff"});
}

TEST_CASE("what may not block completes on a pool thread") {
  StoreUnderTest store;
  Call call;
  call.context.may_block = false;
  REQUIRE(store.Write(Put("k", "1"), call).ok());
  CHECK(store.Get("k", call)->data.view() == "1");
  CHECK(IsAborted(store.Write(Put("k", "2", Condition::kIfAbsent), call).status()));
  store.host().WaitForJobs();
  CHECK(store.host().job_count() == 3);

  std::vector<StateWrite> writes = {Put("x", "1"), Put("k", "1", Condition::kIfAbsent)};
  Answer<std::vector<WriteOutcome>> answer;
  store.store().Transact(call.context, writes, answer.done());
  CHECK(IsAborted((*answer.Await())[1].status()));
  CHECK(store.Text("x") == "NOT_FOUND");
}

TEST_CASE("a thousand writes in flight share few transactions and all complete") {
  StoreUnderTest store;
  Call call;
  call.context.may_block = false;
  std::vector<std::string> keys;
  for (int i = 0; i < 1000; ++i) {
    keys.push_back("key" + std::to_string(i));
  }
  std::vector<Answer<Etag>> answers(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    store.store().Write(call.context, Put(keys[i], "v"), answers[i].done());
  }
  for (Answer<Etag>& answer : answers) {
    CHECK(answer.Await().ok());
  }
  CHECK(store.List("key", 2000).keys.size() == 1000);
}

TEST_CASE("a call that was stopped or is too late does nothing") {
  StoreUnderTest store;
  Call cancelled;
  cancelled.waiter.Stop(StopCause::kCancelled);
  CHECK(IsCancelled(store.Write(Put("k", "1"), cancelled).status()));
  CHECK(IsCancelled(store.Get("k", cancelled).status()));
  Call late;
  late.context.deadline = Deadline::At(store.host().clock().Now() - seconds(1));
  CHECK(IsDeadlineExceeded(store.Write(Put("k", "1"), late).status()));
  CHECK(store.Text("k") == "NOT_FOUND");
}

TEST_CASE("state outlives suspend and resume, which close and open the file") {
  StoreUnderTest store;
  REQUIRE(store.Write(Put("k", "1")).ok());
  store.store().Suspend(false);
  CHECK_FALSE(std::filesystem::exists(store.file() + "-wal"));
  const Call call;
  REQUIRE(store.store().Resume(call.context).ok());
  CHECK(store.Text("k") == "1");
  store.store().Suspend(true);
  REQUIRE(store.store().Resume(call.context).ok());
  CHECK(store.Write(Put("k", "2")).ok());
  CHECK(store.store().Ping(call.context).ok());
}

TEST_CASE("a database in memory serves readers and writers and keeps its state over a suspend") {
  StoreUnderTest store(Fields{{"connectionString", "file::memory:?cache=shared"}});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&store, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string key = std::to_string(t) + "." + std::to_string(i);
        (void)store.Write(Put(key, key));
        (void)store.Get(key);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(store.List("").keys.size() == 200);
  store.store().Suspend(false);
  const Call call;
  REQUIRE(store.store().Resume(call.context).ok());
  CHECK(store.Text("3.49") == "3.49");
}

TEST_CASE("more readers than connections take turns") {
  StoreUnderTest store;
  REQUIRE(store.Write(Put("k", std::string(100000, 'x'))).ok());
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 24; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 30; ++i) {
        const auto value = store.Get("k");
        wrong += value.ok() && value->data.size() == 100000 ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(wrong == 0);
}

TEST_CASE(
    "expired rows are deleted at the clean-up interval, once per interval for all processes") {
  StoreUnderTest store(Fields{{"cleanupInterval", "1m"}});
  REQUIRE(store.Write(PutFor("k", "1", seconds(10))).ok());
  REQUIRE(store.Write(Put("stays", "1")).ok());
  RawDatabase raw(store.file());
  CHECK(raw.One("SELECT count(*) FROM state") == "2");
  store.host().Advance(seconds(61));
  store.host().WaitForJobs();
  CHECK(raw.One("SELECT count(*) FROM state") == "1");
  CHECK(raw.One("SELECT count(*) FROM metadata WHERE key = 'last-cleanup'") == "1");

  // Somebody else did it just now: this process leaves it.
  REQUIRE(store.Write(PutFor("k", "1", seconds(1))).ok());
  raw.Run(
      "UPDATE metadata SET value = datetime('now', '+3600 seconds') WHERE key = 'last-cleanup'");
  store.host().Advance(seconds(61));
  store.host().WaitForJobs();
  CHECK(raw.One("SELECT count(*) FROM state") == "2");
}

TEST_CASE("suspend, close and a clean-up interval of zero leave no timer behind") {
  StoreUnderTest with(Fields{{"cleanupInterval", "1m"}});
  CHECK(with.host().timer_count() == 1);
  with.store().Suspend(false);
  CHECK(with.host().timer_count() == 0);
  StoreUnderTest without;
  CHECK(without.host().timer_count() == 0);
}

TEST_CASE("the journal mode and the synchronous level are what the fields say") {
  for (const auto& [field, mode] : {std::pair("false", "wal"), std::pair("true", "delete")}) {
    StoreUnderTest store(Fields{{"disableWAL", field}});
    REQUIRE(store.Write(Put("k", "1")).ok());
    CHECK(RawDatabase(store.file()).One("PRAGMA journal_mode") == mode);
    CHECK(store.Text("k") == "1");
  }
}

TEST_CASE("fields that make no sense are refused by name") {
  const std::vector<std::pair<Fields, std::string>> wrong = {
      {{{"tableName", "a-b"}}, "tableName"},
      {{{"metadataTableName", ""}}, "metadataTableName"},
      {{{"tableName", "metadata"}}, "metadataTableName"},
      {{{"timeout", "10ms"}}, "timeout"},
      {{{"connectionString", "file:/a?mode=x"}}, "mode=x"},
      {{{"connectionString", "/no/such/folder/data.db"}}, "/no/such/folder/data.db"}};
  for (const auto& [fields, part] : wrong) {
    test::TestHost host;
    Fields all = fields;
    all.emplace("connectionString", ":memory:");
    const Settings settings = SettingsOf(all);
    SqliteStateStore store;
    const Call call;
    const Status status = store.Init(call.context, settings, host);
    INFO(status.message());
    CHECK_FALSE(status.ok());
    CHECK(std::string(status.message()).find(part) != std::string::npos);
  }
}

}  // namespace
}  // namespace MECHA_COMPONENT
