// SPDX-License-Identifier: Apache-2.0
// Consumers in processes of their own, which are killed. A process is this program again, with the
// hidden test case below; it is told what to do through its input and ends when that ends.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "queue_under_test.h"
#include "support/catch.h"

namespace MECHA_COMPONENT {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kLease = seconds(1);
// Leases are kept in whole milliseconds.
constexpr Duration kSlack = milliseconds(2);

int64_t Nanoseconds(SteadyTime time) { return time.time_since_epoch().count(); }

Fields ShortLease() { return {{"leaseTime", "1s"}, {"busyTimeout", "20s"}}; }

// One line of the log that all processes append to: what happened to which message, and when.
struct Line {
  std::string what;
  std::string id;
  pid_t process = 0;
  int64_t since = 0;  // not after the lease began
  int64_t now = 0;
};

class Log {
 public:
  explicit Log(const std::string& file)
      : file_(file), fd_(open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)) {}
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  ~Log() { close(fd_); }

  void Write(const char* what, const Delivery& delivery, SteadyTime now) const {
    std::ostringstream line;
    line << what << ' ' << delivery.id << ' ' << getpid() << ' ' << Nanoseconds(delivery.held_since)
         << ' ' << Nanoseconds(now) << '\n';
    const std::string text = line.str();
    // One that is missing is found by who reads the log.
    [[maybe_unused]] const ssize_t written = write(fd_, text.data(), text.size());
  }
  std::vector<Line> Read() const {
    std::vector<Line> lines;
    std::ifstream in(file_);
    for (Line line; in >> line.what >> line.id >> line.process >> line.since >> line.now;) {
      lines.push_back(line);
    }
    return lines;
  }
  size_t CountOf(std::string_view what) const {
    size_t count = 0;
    for (const Line& line : Read()) {
      count += line.what == what ? 1 : 0;
    }
    return count;
  }

 private:
  const std::string file_;
  const int fd_;
};

bool InputEnded(int wait_ms) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  return poll(&input, 1, wait_ms) > 0;
}

// Hands out what was taken, one by one, and settles it when it has been worked on.
void Consume(QueueUnderTest& queue, const test::TestHost& host, const Log& log, bool settles) {
  Consumer consumer(queue, "t", "app");
  consumer.recorder.on_deliveries = [&](std::span<const Delivery> deliveries) {
    for (const Delivery& delivery : deliveries) {
      log.Write("take", delivery, host.clock().Now());
    }
  };
  consumer.Request(8);
  for (size_t next = 0; !InputEnded(0);) {
    if (!settles || consumer.recorder.count() == next) {
      InputEnded(1);
      continue;
    }
    const Delivery delivery = consumer.recorder.at(next++);
    std::this_thread::sleep_for(milliseconds(1));
    if (consumer.Settle(DoneWith(delivery)).ok()) {
      log.Write("done", delivery, host.clock().Now());
    }
    consumer.Request(1);
  }
}

TEST_CASE("a consumer in a process of its own works until its input ends", "[.process]") {
  std::string file;
  std::string log_file;
  std::string mode;
  std::getline(std::cin, file);
  std::getline(std::cin, log_file);
  std::getline(std::cin, mode);
  const Log log(log_file);
  test::TestHost host;
  QueueUnderTest queue(file, host, ShortLease());
  Consume(queue, host, log, mode == "work");
}

class Process {
 public:
  Process(const std::string& file, const std::string& log, const std::string& mode) {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    std::string program = "consumer";
    std::string filter = "a consumer in a process of its own works until its input ends";
    char* arguments[] = {program.data(), filter.data(), nullptr};
    const int failure = posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[0]);
    input_ = ends[1];
    REQUIRE(failure == 0);
    const std::string text = file + '\n' + log + '\n' + mode + '\n';
    REQUIRE(write(input_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() { Kill(); }

  void Kill() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      Wait();
    }
  }
  // Lets it end by itself; true when it was content.
  bool End() {
    close(std::exchange(input_, -1));
    return Wait() == 0;
  }
  pid_t pid() const { return pid_; }

 private:
  int Wait() {
    int result = -1;
    waitpid(std::exchange(pid_, -1), &result, 0);
    if (input_ >= 0) {
      close(std::exchange(input_, -1));
    }
    return result;
  }

  pid_t pid_ = -1;
  int input_ = -1;
};

template <class Holds>
bool Eventually(Holds holds) {
  const auto until = std::chrono::steady_clock::now() + seconds(60);
  while (!holds() && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(milliseconds(2));
  }
  return holds();
}

// Nobody took a message before the lease of who had it before was over.
void CheckNoOverlap(const std::vector<Line>& lines) {
  std::map<std::string, std::vector<const Line*>> takes;
  for (const Line& line : lines) {
    if (line.what == "take") {
      takes[line.id].push_back(&line);
    }
  }
  for (auto& [id, all] : takes) {
    std::sort(all.begin(), all.end(), [](auto* a, auto* b) { return a->since < b->since; });
    for (size_t i = 1; i < all.size(); ++i) {
      INFO("message " << id << " taken by " << all[i - 1]->process << " and " << all[i]->process);
      CHECK(all[i]->now >= all[i - 1]->since + (kLease - kSlack).count());
    }
  }
}

void CheckDoneOnce(const std::vector<Line>& lines, size_t messages) {
  std::map<std::string, int> times;
  for (const Line& line : lines) {
    times[line.id] += line.what == "done" ? 1 : 0;
  }
  CHECK(times.size() == messages);
  for (const auto& [id, count] : times) {
    INFO("message " << id);
    // A process may be killed between the end of a message and its line.
    CHECK(count <= 1);
  }
}

struct Scene {
  PrivateFolder folder;
  const std::string file = folder.File("q.db");
  const std::string log_file = folder.File("log");
  const Log log{log_file};
  test::TestHost host;
  QueueUnderTest queue{file, host, ShortLease()};
};

TEST_CASE("what a killed consumer held comes to another after the lease, counted") {
  Scene scene;
  Process holder(scene.file, scene.log_file, "hold");
  std::vector<OutgoingMessage> messages(3, MessageOf("m"));
  REQUIRE(scene.queue.user().PublishMany("t", messages).ok());
  REQUIRE(Eventually([&] { return scene.log.CountOf("take") == 3; }));
  holder.Kill();
  Consumer heir(scene.queue, "t", "app", 5);
  heir.recorder.on_deliveries = [&](std::span<const Delivery> deliveries) {
    for (const Delivery& delivery : deliveries) {
      scene.log.Write("take", delivery, scene.host.clock().Now());
    }
  };
  REQUIRE(heir.recorder.Await(3));
  for (const Delivery& delivery : heir.recorder.deliveries()) {
    CHECK(delivery.attempt == 2);
    CHECK(heir.Settle(DoneWith(delivery)).ok());
  }
  CheckNoOverlap(scene.log.Read());
}

TEST_CASE("consumers killed at random neither lose a message nor share one") {
  Scene scene;
  constexpr size_t kMessages = 400;
  constexpr int kKills = 12;
  { Consumer consumer(scene.queue, "t", "app"); }
  std::vector<std::unique_ptr<Process>> processes;
  const auto add = [&] {
    processes.push_back(std::make_unique<Process>(scene.file, scene.log_file, "work"));
  };
  for (int i = 0; i < 3; ++i) {
    add();
  }
  std::mt19937 random(20261121);
  size_t published = 0;
  for (int killed = 0; killed < kKills; ++killed) {
    const size_t until = kMessages * static_cast<size_t>(killed + 1) / kKills;
    const size_t done = scene.log.CountOf("done");
    for (; published < until; ++published) {
      REQUIRE(scene.queue.user().Publish("t", "m").ok());
    }
    REQUIRE(Eventually([&] { return scene.log.CountOf("done") > done; }));
    processes[random() % processes.size()].swap(processes.back());
    processes.pop_back();  // kills it
    add();
  }
  const auto is_empty = [&] {
    return RawDatabase(scene.file).One("SELECT count(*) FROM mecha_message") == "0";
  };
  CHECK(Eventually(is_empty));
  for (const auto& process : processes) {
    CHECK(process->End());
  }
  const std::vector<Line> lines = scene.log.Read();
  CheckNoOverlap(lines);
  CheckDoneOnce(lines, kMessages);
}

}  // namespace
}  // namespace MECHA_COMPONENT
