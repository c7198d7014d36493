// SPDX-License-Identifier: Apache-2.0
// What becomes of a store when its file or its process is not as usual: read-only, damaged, forked.
#include "sqlite/database.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <thread>

#include "sqlite/open_files.h"
#include "store_under_test.h"
#include "support/catch.h"

namespace MECHA_COMPONENT {
namespace {

Status TryInit(const Fields& fields) {
  test::TestHost host;
  const Settings settings = SettingsOf(fields);
  SqliteStateStore store;
  const Call call;
  return store.Init(call.context, settings, host);
}

// A closed database with one value.
void Fill(const std::string& file, const char* disable_wal = "false") {
  StoreUnderTest store(Fields{{"connectionString", file}, {"disableWAL", disable_wal}});
  REQUIRE(store.Write(Put("k", "1")).ok());
}

// Runs `body` on a thread without the right to write everywhere that root has.
template <class Body>
void AsOrdinaryUser(Body body) {
  std::thread thread([&] {
    setfsuid(65534);
    body();
  });
  thread.join();
}

void CheckReadsOnly(StoreUnderTest& store, const std::string& file) {
  CHECK(store.Text("k") == "1");
  CHECK(store.List("").keys.size() == 1);
  const WriteOutcome outcome = store.Write(Put("k", "2"));
  INFO(outcome.status().message());
  CHECK(IsFailedPrecondition(outcome.status()));
  CHECK(std::string(outcome.status().message()).find(file) == 0);
  CHECK(store.Text("k") == "1");
}

TEST_CASE("a file opened with mode=ro is read and not written") {
  PrivateFolder folder;
  const std::string file = folder.File("a.db");
  Fill(file);
  StoreUnderTest store(Fields{{"connectionString", "file:" + file + "?mode=ro"}});
  CheckReadsOnly(store, file);
}

TEST_CASE("a file or folder without the right to write is read and not written") {
  for (const char* disable_wal : {"false", "true"}) {
    PrivateFolder folder;
    const std::string file = folder.File("a.db");
    Fill(file, disable_wal);
    chmod(file.c_str(), 0444);
    chmod(folder.path().c_str(), 0555);
    AsOrdinaryUser([&] {
      StoreUnderTest store(Fields{{"connectionString", file}, {"disableWAL", disable_wal}});
      CheckReadsOnly(store, file);
    });
    chmod(folder.path().c_str(), 0777);
    AsOrdinaryUser([&] {
      StoreUnderTest store(Fields{{"connectionString", file}, {"disableWAL", disable_wal}});
      CheckReadsOnly(store, file);
    });
  }
}

TEST_CASE("a read-only file without the table is refused") {
  PrivateFolder folder;
  const std::string file = folder.File("a.db");
  Fill(file);
  const Status status =
      TryInit({{"connectionString", "file:" + file + "?mode=ro"}, {"tableName", "other"}});
  CHECK(IsFailedPrecondition(status));
  CHECK(std::string(status.message()).find("no table other") != std::string::npos);
}

TEST_CASE("a file that is no database, a folder and a missing file say so") {
  PrivateFolder folder;
  std::ofstream(folder.File("text")) << std::string(5000, 'x');
  CHECK(IsDataLoss(TryInit({{"connectionString", folder.File("text")}})));
  CHECK(IsFailedPrecondition(TryInit({{"connectionString", folder.path()}})));
  CHECK(IsFailedPrecondition(
      TryInit({{"connectionString", "file:" + folder.File("none") + "?mode=rw"}})));
  CHECK_FALSE(std::filesystem::exists(folder.File("none")));
}

TEST_CASE("a damaged page is DATA_LOSS, and the store goes on") {
  StoreUnderTest store;
  std::vector<std::string> keys;
  std::vector<StateWrite> writes;
  for (int i = 0; i < 2000; ++i) {
    keys.push_back("key" + std::to_string(i));
  }
  for (const std::string& key : keys) {
    writes.push_back(Put(key, key));
  }
  store.WriteMany(writes);
  store.store().Suspend(false);
  {
    std::fstream file(store.file(), std::ios::in | std::ios::out | std::ios::binary);
    for (int page = 4; page < 20; ++page) {
      file.seekp(page * 4096);
      file << std::string(4096, '\x55');
    }
  }
  const Call call;
  REQUIRE(store.store().Resume(call.context).ok());
  int lost = 0;
  for (const std::string& key : keys) {
    const auto value = store.Get(key);
    lost += IsDataLoss(value.status()) ? 1 : 0;
  }
  CHECK(lost > 0);
}

TEST_CASE("a value that is marked as binary but is not base64 is DATA_LOSS") {
  StoreUnderTest store;
  RawDatabase(store.file()).Run("INSERT INTO state VALUES ('k', 'no*base64', 1, 'e', NULL, '')");
  CHECK(IsDataLoss(store.Get("k").status()));
}

// What the child reports: its first Init's code, then the one after the parent's file was let go.
int InitInChild(const std::string& file) {
  const pid_t child = fork();
  if (child == 0) {
    test::TestHost host;
    const Settings settings = SettingsOf({{"connectionString", file}, {"synchronous", "off"}});
    SqliteStateStore store;
    const Call call;
    const Status status = store.Init(call.context, settings, host);
    const bool says_how = status.message().find("suspend before fork") != std::string_view::npos;
    store.Close();
    _exit(status.ok() ? 0 : (IsFailedPrecondition(status) && says_how ? 1 : 2));
  }
  int result = -1;
  waitpid(child, &result, 0);
  return WIFEXITED(result) ? WEXITSTATUS(result) : -1;
}

TEST_CASE("a child may not open a file that its parent held open at the fork") {
  StoreUnderTest store;
  REQUIRE(store.Write(Put("k", "1")).ok());
  CHECK(InitInChild(store.file()) == 1);
  CHECK(InitInChild(store.folder().path() + "/./data.db") == 1);
  CHECK(InitInChild(store.folder().File("other.db")) == 0);

  store.store().Suspend(true);
  CHECK(InitInChild(store.file()) == 1);
  store.store().Suspend(false);
  CHECK(InitInChild(store.file()) == 0);
  const Call call;
  REQUIRE(store.store().Resume(call.context).ok());
  CHECK(store.Text("k") == "1");
  CHECK(InitInChild(store.file()) == 1);
}

TEST_CASE("an entry of the open files is given back, and moves with its owner") {
  PrivateFolder folder;
  const std::string file = folder.File("a.db");
  std::ofstream(file) << "x";
  for (int i = 0; i < 1000; ++i) {
    OpenFile first = OpenFile::Add(file);
    OpenFile second = std::move(first);
    CHECK(OpenFile::CheckNotInherited(file).ok());
    first = std::move(second);
  }
  CHECK(OpenFile::CheckNotInherited(folder.File("none")).ok());
}

TEST_CASE("this program has one SQLite library, and so no warning") {
  CHECK(MappedSqliteLibraries().size() == 1);
  StoreUnderTest store;
  CHECK(store.host().logs().empty());
}

TEST_CASE("a second SQLite is noticed under any name, and warned of") {
  const PrivateFolder folder;
  const std::string copy = folder.File("embedded.so");
  std::ofstream(copy, std::ios::binary)
      << std::ifstream(MappedSqliteLibraries().front(), std::ios::binary).rdbuf();
  void* second = dlopen(copy.c_str(), RTLD_NOW | RTLD_LOCAL);
  REQUIRE(second != nullptr);
  CHECK(MappedSqliteLibraries().size() == 2);
  {
    StoreUnderTest store;
    REQUIRE(store.host().logs().size() == 1);
    CHECK(store.host().logs()[0].message.find(copy) != std::string::npos);
  }
  dlclose(second);
  CHECK(MappedSqliteLibraries().size() == 1);
}

}  // namespace
}  // namespace MECHA_COMPONENT
