// SPDX-License-Identifier: Apache-2.0
// What state.postgresql does beyond what the conformance suite asks of every store.
#include <atomic>
#include <cstdlib>
#include <thread>

#include "postgres_store_fixture.h"
#include "support/queued_call.h"

namespace MECHA_COMPONENT {
namespace {

TEST_CASE_METHOD(PostgresStoreFixture, "independent writes have their own outcomes, in order") {
  REQUIRE(user.Write(SetOf("taken", "v")).ok());
  const auto outcomes = user.WriteMany(
      {SetOf("a", "1"), CreateOf("taken", "2"), SetIf("a", "3", "not-an-etag"), SetOf("a", "4"),
       SetOf("\xFF", "5"), SetIf("taken", "6", "4f0cbe3c-0c5e-4c8e-8a53-2f0a5a6f7f10"),
       DeleteOf("taken")});
  REQUIRE(outcomes.ok());
  const StatusCode wanted[] = {
      StatusCode::kOk, StatusCode::kAborted,         StatusCode::kInvalidArgument,
      StatusCode::kOk, StatusCode::kInvalidArgument, StatusCode::kAborted,
      StatusCode::kOk};
  for (size_t i = 0; i < outcomes->size(); ++i) {
    INFO(i);
    CHECK((*outcomes)[i].status().code() == wanted[i]);
  }
  CHECK(user.Read("a") == "4");
  CHECK(user.Read("taken") == "<NOT_FOUND>");
}

TEST_CASE("writes that go as one statement do what each would do alone") {
  PostgresStoreFixture fixture(GENERATE(Layout::kV1, Layout::kV2), {});
  StoreUser& user = fixture.user;
  REQUIRE(user.WriteMany({SetOf("x", "old"), SetOf("y", "old")}).ok());
  const bool is_bulk = GENERATE(true, false);
  StateWrite brief = SetOf("brief", "v");
  brief.ttl = std::chrono::hours(1);
  const std::vector<StateWrite> writes = {DeleteOf("y"), JsonOf("json", "{}"), brief,
                                          SetOf("x", ""), DeleteOf("absent")};
  const auto outcomes = is_bulk ? user.WriteMany(writes) : user.Transact(writes);
  REQUIRE(outcomes.ok());
  for (size_t i = 0; i < writes.size(); ++i) {
    INFO(i);
    REQUIRE((*outcomes)[i].ok());
    const auto value = user.Get(writes[i].key);
    if (writes[i].kind == StateWrite::Kind::kDelete) {
      CHECK(IsNotFound(value.status()));
      CHECK((*outcomes)[i]->empty());
      continue;
    }
    REQUIRE(value.ok());
    CHECK(value->data.view() == writes[i].value);
    CHECK(value->etag.view() == (*outcomes)[i]->view());
    CHECK(value->expires.has_value() == writes[i].ttl.has_value());
  }
}

TEST_CASE_METHOD(PostgresStoreFixture, "one etag that does not match refuses a transaction") {
  REQUIRE(user.Write(SetOf("b", "old")).ok());
  constexpr std::string_view kOther = "4f0cbe3c-0c5e-4c8e-8a53-2f0a5a6f7f10";
  for (const StateWrite& bad :
       {SetIf("b", "new", kOther), CreateOf("b", "new"), test::DeleteIf("b", kOther)}) {
    const auto outcomes = user.Transact({SetOf("c", "new"), SetOf("a", "new"), bad});
    REQUIRE(outcomes.ok());
    CHECK(IsAborted((*outcomes)[2].status()));
    CHECK(IsCancelled((*outcomes)[0].status()));
    CHECK(user.Keys("") == "b");
    CHECK(user.Read("b") == "old");
  }
  const std::string etag((*user.Get("b")).etag.view());
  const auto outcomes = user.Transact({SetIf("b", "new", etag), CreateOf("a", "new")});
  REQUIRE(outcomes.ok());
  CHECK((*user.Get("b")).etag.view() == (*outcomes)[0]->view());
  CHECK((*user.Get("a")).etag.view() == (*outcomes)[1]->view());
}

TEST_CASE_METHOD(PostgresStoreFixture, "what only the commit refuses is refused") {
  Sql("ALTER TABLE state ADD CONSTRAINT once UNIQUE (value) DEFERRABLE INITIALLY DEFERRED");
  REQUIRE(user.Write(SetOf("a", "v")).ok());
  CHECK(IsFailedPrecondition(user.Write(SetOf("b", "v")).status()));
  const auto whole = user.Transact({CreateOf("b", "w"), CreateOf("c", "v")});
  CHECK(IsFailedPrecondition(whole.status()));
  CHECK(whole.status().applied() == Applied::kNo);
  const auto each = user.WriteMany({SetOf("b", "v"), SetOf("c", "w"), CreateOf("d", "v")});
  REQUIRE(each.ok());
  CHECK(IsFailedPrecondition((*each)[0].status()));
  CHECK((*each)[1].ok());
  CHECK(IsFailedPrecondition((*each)[2].status()));
  test::QueuedCall queued;
  queued.Set(opened.store, "b", "v");
  REQUIRE(queued.Await());
  CHECK(IsFailedPrecondition(queued.etag.status()));
  CHECK(user.Keys("") == "a c");
}

TEST_CASE("an error among independent writes takes no neighbour with it") {
  PostgresStoreFixture fixture(Layout::kV1, {});
  const auto outcomes =
      fixture.user.WriteMany({JsonOf("a", "1"), JsonOf("bad", "\"\\u0000\""), JsonOf("b", "2")});
  REQUIRE(outcomes.ok());
  CHECK((*outcomes)[0].ok());
  CHECK(IsInvalidArgument((*outcomes)[1].status()));
  CHECK((*outcomes)[2].ok());
  CHECK(fixture.user.Read("a") == "1");
  CHECK(fixture.user.Read("b") == "2");
  const auto whole =
      fixture.user.Transact({JsonOf("c", "1"), JsonOf("bad", "\"\\u0000\""), JsonOf("d", "2")});
  REQUIRE(whole.ok());
  CHECK(IsCancelled((*whole)[0].status()));
  CHECK(IsInvalidArgument((*whole)[1].status()));
  CHECK(fixture.user.Read("c") == "<NOT_FOUND>");
  CHECK(fixture.user.Write(JsonOf("c", "3")).ok());
}

TEST_CASE_METHOD(PostgresStoreFixture, "more independent writes than one round trip takes") {
  std::vector<std::string> keys;
  for (int i = 0; i < 1500; ++i) {
    keys.push_back("k" + std::to_string(i));
  }
  const std::string large(300'000, 'x');
  std::vector<StateWrite> writes;
  std::vector<std::string_view> asked;
  for (size_t i = 0; i < keys.size(); ++i) {
    writes.push_back(SetOf(keys[i], i % 100 == 0 ? std::string_view(large) : keys[i]));
    asked.push_back(keys[i]);
  }
  const auto outcomes = user.WriteMany(writes);
  REQUIRE(outcomes.ok());
  const auto values = user.GetMany(asked);
  REQUIRE(values.ok());
  for (size_t i = 0; i < keys.size(); ++i) {
    REQUIRE((*outcomes)[i].ok());
    REQUIRE((*values)[i]->data.view() == writes[i].value);
    REQUIRE((*values)[i]->etag.view() == (*outcomes)[i]->view());
  }
}

TEST_CASE_METHOD(PostgresStoreFixture, "get_many answers for odd, repeated and missing keys") {
  REQUIRE(user.Write(SetOf("a{\"},NULL", "1")).ok());
  const auto values = user.GetMany({"a{\"},NULL", "none", "\xFF", "a{\"},NULL", "NULL", ""});
  REQUIRE(values.ok());
  CHECK((*values)[0]->data.view() == "1");
  CHECK(IsNotFound((*values)[1].status()));
  CHECK(IsInvalidArgument((*values)[2].status()));
  CHECK((*values)[3]->data.view() == "1");
  CHECK(IsNotFound((*values)[4].status()));
  CHECK(IsNotFound((*values)[5].status()));
}

TEST_CASE_METHOD(PostgresStoreFixture, "transactions over the same keys do not deadlock") {
  std::vector<std::thread> threads;
  std::atomic<int> failed = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      StoreUser own(opened.store);
      const char* first = i % 2 == 0 ? "a" : "b";
      const char* second = i % 2 == 0 ? "b" : "a";
      for (int n = 0; n < 60; ++n) {
        const auto outcomes = own.Transact({SetOf(first, "1"), SetOf(second, "2")});
        failed += outcomes.ok() && (*outcomes)[0].ok() && (*outcomes)[1].ok() ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(failed == 0);
}

TEST_CASE_METHOD(PostgresStoreFixture, "a damaged list position is INVALID_ARGUMENT") {
  for (const char* position : {"x", "r", "rx", "k1", "r1 "}) {
    CHECK(IsInvalidArgument(user.List({"", 10, position}).status()));
  }
  CHECK(IsInvalidArgument(user.List({"\xFF", 10, ""}).status()));
}

TEST_CASE("without prepared statements everything works as well") {
  PostgresStoreFixture fixture(Layout::kV2, {{"queryExecMode", "exec"}});
  const auto etag = fixture.user.Write(SetOf("k", "1"));
  REQUIRE(etag.ok());
  CHECK(fixture.user.Write(SetIf("k", "2", etag->view())).ok());
  CHECK(fixture.user.Transact({SetOf("k", "3"), SetOf("l", "4")}).ok());
  CHECK(fixture.user.WriteMany({SetOf("m", "5"), DeleteOf("l")}).ok());
  CHECK(fixture.user.Keys("") == "k m");
  CHECK(fixture.user.Read("k") == "3");
  CHECK(fixture.Sql("SELECT count(*) FROM pg_prepared_statements") == "0\n");
}

TEST_CASE("what the environment says to psql is not meant for us") {
  const std::pair<const char*, const char*> variables[] = {{"PGOPTIONS", "-c search_path=nowhere"},
                                                           {"PGUSER", "nobody"},
                                                           {"PGDATABASE", "nowhere"},
                                                           {"PGPORT", "1"},
                                                           {"PGHOST", "/nowhere"},
                                                           {"PGSSLMODE", "verify-full"},
                                                           {"PGCLIENTENCODING", "LATIN1"},
                                                           {"PGTARGETSESSIONATTRS", "standby"},
                                                           {"PGDATESTYLE", "German"},
                                                           {"PGTZ", "Asia/Tokyo"},
                                                           {"PGAPPNAME", "psql"},
                                                           {"PGPASSFILE", "/etc/passwd"}};
  const std::string database = SharedServer().MakeDatabase();
  TestStore test(SharedServer(), database, Layout::kV2, {{"cleanupInterval", "1s"}});
  for (const auto& [name, value] : variables) {
    setenv(name, value, 1);
  }
  const Status status = test.Init();
  const auto etag = test.user.Write(SetOf("gr\xC3\xBC\xC3\x9F", "v"));
  StateWrite timed = SetOf("timed", "v");
  timed.ttl = std::chrono::seconds(100);
  REQUIRE(test.user.Write(timed).ok());
  const auto value = test.user.Get("timed");
  test.host.Advance(std::chrono::seconds(2));
  test.host.WaitForJobs();
  for (const auto& [name, text] : variables) {
    unsetenv(name);
  }
  INFO(status.message());
  REQUIRE(status.ok());
  CHECK(etag.ok());
  CHECK(*value->expires - test.host.clock().WallNow() < std::chrono::seconds(101));
  CHECK(SharedServer().Sql(database, "SELECT key FROM state WHERE length(key) = 4") ==
        "gr\xC3\xBC\xC3\x9F\n");
  CHECK(SharedServer().Sql(database,
                           "SELECT now() - value::timestamptz < interval '20 s' FROM dapr_metadata"
                           " WHERE key LIKE 'last-cleanup%'") == "t\n");
  CHECK(test.host.logs().empty());
}

TEST_CASE("a session has the parameters that the connection string asks for") {
  const std::string database = SharedServer().MakeDatabase();
  SharedServer().Sql(database, "CREATE SCHEMA \"a b\"");
  TestStore test(
      SharedServer(), database, Layout::kV2,
      {{"connectionString", SharedServer().Connection(database) + " search_path='\"a b\"'"}});
  const Status status = test.Init();
  INFO(status.message());
  REQUIRE(status.ok());
  CHECK(test.user.Write(SetOf("k", "v")).ok());
  CHECK(SharedServer().Sql(database, "SELECT key FROM \"a b\".state") == "k\n");
}

}  // namespace
}  // namespace MECHA_COMPONENT
