// SPDX-License-Identifier: Apache-2.0
// What becomes of a queue when its file or its process is not as usual: locked, full, damaged,
// read-only, of another version, forked, suspended.
#include "queue_file.h"

#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "network_file_system.h"
#include "queue_under_test.h"
#include "support/catch.h"
#include "wake_file.h"

namespace MECHA_COMPONENT {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string BytesOf(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

bool Says(const Status& status, std::string_view words) {
  return status.message().find(words) != std::string_view::npos;
}

TEST_CASE("settings that make no queue are refused") {
  PrivateFolder folder;
  const std::string file = folder.File("q.db");
  for (const char* location : {":memory:", "file:q?mode=memory", "file:q.db?mode=ro",
                               "file:q.db?immutable=1", "file:q.db?nonsense=1"}) {
    INFO(location);
    CHECK(IsInvalidArgument(TryInit({{"connectionString", location}})));
  }
  for (const char* lease : {"500ms", "13h", "-1s"}) {
    INFO(lease);
    CHECK(IsInvalidArgument(TryInit({{"connectionString", file}, {"leaseTime", lease}})));
  }
  CHECK(IsInvalidArgument(TryInit({{"connectionString", file}, {"retention", "-1s"}})));
  CHECK(IsInvalidArgument(TryInit({{"connectionString", file}, {"timeout", "10ms"}})));
  CHECK_FALSE(std::filesystem::exists(file));
}

TEST_CASE("a file of a newer version is refused and stays as it is") {
  PrivateFolder folder;
  const std::string file = folder.File("q.db");
  {
    RawDatabase raw(file);
    raw.Run("CREATE TABLE mecha_queue (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)");
    raw.Run("INSERT INTO mecha_queue VALUES ('version', '2')");
  }
  const std::string before = BytesOf(file);
  const Status status = TryInit({{"connectionString", file}});
  CHECK(IsFailedPrecondition(status));
  CHECK(Says(status, "version \"2\""));
  CHECK(Says(status, "use a newer library"));
  CHECK(BytesOf(file) == before);
  CHECK_FALSE(std::filesystem::exists(file + "-wake"));
  RawDatabase(file).Run("UPDATE mecha_queue SET value = 'x'");
  CHECK(IsFailedPrecondition(TryInit({{"connectionString", file}})));
}

TEST_CASE("a queue and other tables may share a file") {
  PrivateFolder folder;
  const std::string file = folder.File("q.db");
  RawDatabase(file).Run("CREATE TABLE state (key TEXT); INSERT INTO state VALUES ('k')");
  test::TestHost host;
  QueueUnderTest queue(file, host);
  CHECK(queue.user().Publish("t", "m").ok());
  CHECK(RawDatabase(file).One("SELECT key FROM state") == "k");
}

TEST_CASE("file systems behind a network are known by their number") {
  CHECK(NameOfNetworkFileSystem(0x6969) == "NFS");
  CHECK(NameOfNetworkFileSystem(0xff534d42) == "CIFS");
  CHECK(NameOfNetworkFileSystem(static_cast<uint64_t>(static_cast<int>(0xff534d42))) == "CIFS");
  CHECK(NameOfNetworkFileSystem(0x65735546) == "FUSE");
  CHECK(NameOfNetworkFileSystem(0xef53).empty());
  PrivateFolder folder;
  CHECK(CheckLocalFile(folder.File("none.db")).ok());
  CHECK(CheckLocalFile("/nowhere/at/all.db").ok());
}

TEST_CASE("a file that is no database, a folder and a missing folder say so") {
  PrivateFolder folder;
  std::ofstream(folder.File("text")) << std::string(5000, 'x');
  CHECK(IsDataLoss(TryInit({{"connectionString", folder.File("text")}})));
  CHECK(IsFailedPrecondition(TryInit({{"connectionString", folder.path()}})));
  CHECK(IsFailedPrecondition(TryInit({{"connectionString", folder.File("no/q.db")}})));
}

TEST_CASE("a file or folder without the right to write is refused") {
  PrivateFolder folder;
  const std::string file = folder.File("q.db");
  test::TestHost host;
  { QueueUnderTest queue(file, host); }
  chmod(file.c_str(), 0444);
  chmod(folder.path().c_str(), 0555);
  Status status;
  std::thread ordinary([&] {
    setfsuid(65534);
    status = TryInit({{"connectionString", file}});
  });
  ordinary.join();
  INFO(status.message());
  CHECK(IsFailedPrecondition(status));
  CHECK(Says(status, file));
}

TEST_CASE("while another program holds the file, publishing is UNAVAILABLE and feeds mend later") {
  PrivateFolder folder;
  const std::string file = folder.File("q.db");
  test::TestHost host;
  QueueUnderTest queue(file, host, {{"busyTimeout", "50ms"}});
  Consumer consumer(queue, "t", "app");
  REQUIRE(queue.user().Publish("t", "m").ok());
  {
    RawDatabase raw(file);
    raw.Run("BEGIN IMMEDIATE");
    const auto published = queue.user().Publish("t", "late");
    CHECK(IsUnavailable(published.status()));
    CHECK(published.status().applied() == Applied::kNo);
    CHECK(Says(published.status(), "locked by another process"));
    consumer.Request(5);
    REQUIRE(consumer.recorder.AwaitHealth(1));
    CHECK(IsUnavailable(consumer.recorder.healths()[0]));
    raw.Run("ROLLBACK");
  }
  REQUIRE(consumer.recorder.AwaitHealth(2));
  CHECK(consumer.recorder.healths()[1].ok());
  REQUIRE(consumer.recorder.Await(1));
  {
    RawDatabase raw(file);
    raw.Run("BEGIN IMMEDIATE");
    CHECK(IsUnavailable(consumer.Settle(DoneWith(consumer.recorder.at(0)))));
    CHECK(IsUnavailable(PubSubUser::Renew(*consumer.feed, {1}).status()));
    raw.Run("ROLLBACK");
  }
  CHECK(consumer.Settle(DoneWith(consumer.recorder.at(0))).ok());
  CHECK(consumer.recorder.payloads() == "m");
}

TEST_CASE("a full disk refuses what does not fit, and what was taken is delivered") {
  PrivateFolder folder;
  const std::string file = folder.File("q.db");
  test::TestHost host;
  QueueUnderTest queue("file:" + file + "?_pragma=max_page_count(60)", host);
  { Consumer consumer(queue, "t", "app"); }
  const std::string large(20000, 'x');
  size_t taken = 0;
  Status refused;
  for (; refused.ok() && taken < 100; ++taken) {
    refused = queue.user().Publish("t", large).status();
  }
  --taken;
  CHECK(IsResourceExhausted(refused));
  CHECK(taken > 2);
  const std::vector<OutgoingMessage> many(3, MessageOf(large));
  CHECK(IsResourceExhausted(queue.user().PublishMany("t", many).status()));
  Consumer consumer(queue, "t", "app", 100);
  REQUIRE(consumer.recorder.Await(taken));
  for (const Delivery& delivery : consumer.recorder.deliveries()) {
    CHECK(consumer.Settle(DoneWith(delivery)).ok());
  }
  CHECK(queue.user().Publish("t", large).ok());
  CHECK(consumer.recorder.Await(taken + 1));
}

TEST_CASE("a message that is larger than a row may be fails alone") {
  PrivateFolder folder;
  test::TestHost host;
  QueueUnderTest queue(folder.File("q.db"), host);
  // Never read: SQLite looks at the length first.
  const std::string_view huge("x", size_t{3} << 30);
  const auto outcomes =
      queue.user().PublishMany("t", {MessageOf("1"), MessageOf(huge), MessageOf("3")});
  REQUIRE(outcomes.ok());
  CHECK((*outcomes)[0].ok());
  CHECK(IsResourceExhausted((*outcomes)[1].status()));
  CHECK((*outcomes)[2].ok());
}

TEST_CASE("a damaged page is DATA_LOSS for the feed that needs it") {
  PrivateFolder folder;
  const std::string file = folder.File("q.db");
  test::TestHost host;
  QueueUnderTest queue(file, host);
  { Consumer consumer(queue, "t", "app"); }
  REQUIRE(queue.user()
              .PublishMany("t", std::vector<OutgoingMessage>(500, MessageOf(std::string(900, 'm'))))
              .ok());
  queue.broker().Suspend(false);
  {
    std::fstream raw(file, std::ios::in | std::ios::out | std::ios::binary);
    for (int page = 14; page < 60; ++page) {
      raw.seekp(page * 4096);
      raw << std::string(4096, '\x55');
    }
  }
  const TestCall call;
  REQUIRE(queue.broker().Resume(call.context).ok());
  Consumer consumer(queue, "t", "app", 500);
  REQUIRE(consumer.recorder.AwaitHealth(1));
  CHECK(IsDataLoss(consumer.recorder.healths()[0]));
}

TEST_CASE("a feed whose group somebody deleted makes it anew and says nothing") {
  PrivateFolder folder;
  const std::string file = folder.File("q.db");
  test::TestHost host;
  QueueUnderTest queue(file, host);
  Consumer consumer(queue, "t", "app", 5);
  REQUIRE(queue.user().Publish("t", "1").ok());
  REQUIRE(consumer.recorder.Await(1));
  CHECK(consumer.Settle(DoneWith(consumer.recorder.at(0))).ok());
  RawDatabase(file).Run("DELETE FROM mecha_group; DELETE FROM mecha_delivery");
  REQUIRE(queue.user().Publish("t", "2").ok());
  REQUIRE(consumer.recorder.Await(2));
  CHECK(consumer.Settle(DoneWith(consumer.recorder.at(1))).ok());
  CHECK(consumer.recorder.healths().empty());
}

TEST_CASE("a suspended queue holds no descriptor, and resume brings it back") {
  PrivateFolder folder;
  const std::string file = folder.File("q.db");
  const auto names_open = [&] {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code error;
      const std::string target = std::filesystem::read_symlink(entry.path(), error).string();
      count += target.starts_with(folder.path()) || target.find("inotify") != target.npos ? 1 : 0;
    }
    return count;
  };
  test::TestHost host;
  QueueUnderTest queue(file, host);
  { Consumer consumer(queue, "t", "app"); }
  REQUIRE(queue.user().Publish("t", "1").ok());
  CHECK(names_open() > 1);
  queue.broker().Suspend(true);
  CHECK(names_open() > 1);
  const TestCall call;
  REQUIRE(queue.broker().Resume(call.context).ok());
  queue.broker().Suspend(false);
  CHECK(names_open() == 0);
  REQUIRE(queue.broker().Resume(call.context).ok());
  Consumer consumer(queue, "t", "app", 1);
  CHECK(consumer.recorder.Await(1));
  CHECK(queue.broker().Ping(call.context).ok());
}

int InitInChild(const std::string& file) {
  const pid_t child = fork();
  if (child == 0) {
    const Status status = TryInit({{"connectionString", file}});
    const bool says_how = Says(status, "suspend before fork");
    _exit(status.ok() ? 0 : (IsFailedPrecondition(status) && says_how ? 1 : 2));
  }
  int result = -1;
  waitpid(child, &result, 0);
  return WIFEXITED(result) ? WEXITSTATUS(result) : -1;
}

TEST_CASE("a child may not open a queue that its parent held open at the fork") {
  PrivateFolder folder;
  const std::string file = folder.File("q.db");
  test::TestHost host;
  QueueUnderTest queue(file, host);
  CHECK(InitInChild(file) == 1);
  CHECK(InitInChild(folder.File("other.db")) == 0);
  queue.broker().Suspend(false);
  CHECK(InitInChild(file) == 0);
  const TestCall call;
  REQUIRE(queue.broker().Resume(call.context).ok());
  CHECK(queue.user().Publish("t", "m").ok());
}

// Counts what a wake file says.
class Listener {
 public:
  Listener(const std::string& file, test::TestHost& host) : wake_file_(file, host) {
    REQUIRE(wake_file_
                .Listen([this] {
                  const std::lock_guard lock(mutex_);
                  ++rings_;
                  changed_.notify_all();
                })
                .ok());
  }
  bool AwaitMoreThan(int rings) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, seconds(60), [&] { return rings_ > rings; });
  }
  int rings() {
    const std::lock_guard lock(mutex_);
    return rings_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int rings_ = 0;
  WakeFile wake_file_;  // ends first
};

TEST_CASE("a ring is heard by others, also by another name, and when the wake file is replaced") {
  PrivateFolder folder;
  const std::string file = folder.File("q.db");
  std::ofstream(file) << "x";
  std::filesystem::create_symlink(file, folder.File("link.db"));
  test::TestHost host;
  Listener listener(file, host);
  const WakeFile ringer(folder.File("link.db"), host);
  int before = listener.rings();
  ringer.Ring();
  CHECK(listener.AwaitMoreThan(before));
  for (int round = 0; round < 3; ++round) {
    before = listener.rings();
    std::filesystem::remove(file + "-wake");
    REQUIRE(listener.AwaitMoreThan(before));
    before = listener.rings();
    ringer.Ring();
    CHECK(listener.AwaitMoreThan(before));
  }
  CHECK(std::filesystem::file_size(file + "-wake") == 0);
}

}  // namespace
}  // namespace MECHA_COMPONENT
