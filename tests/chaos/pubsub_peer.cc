// SPDX-License-Identifier: Apache-2.0
// pubsub_peer: a process that publishes or consumes, for pubsub.py to kill. Everything that happens
// is a line of a log that all of them append to: WHAT ID PID BEGIN END ATTEMPT STATUS, with the
// times of CLOCK_MONOTONIC in nanoseconds. It uses the public C headers and libmecha.so only.
//
//   pubsub_peer publish NAME=VALUE...   until its input ends
//   pubsub_peer consume NAME=VALUE...   until SIGTERM
#include <fcntl.h>
#include <mecha/mecha.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

using Settings = std::map<std::string, std::string>;

constexpr int kFailed = 1;
constexpr int kNotDrained = 3;
constexpr int64_t kDrainTime = 30'000'000'000;

mecha_view View(std::string_view text) { return {text.data(), text.size()}; }
std::string Text(mecha_view view) { return {static_cast<const char*>(view.data), view.size}; }

int64_t Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

int Fail(const char* what, mecha_status status, std::string_view message = {}) {
  dprintf(STDERR_FILENO, "pubsub_peer %d: %s: %s %.*s\n", getpid(), what, mecha_status_name(status),
          static_cast<int>(message.size()), message.data());
  return kFailed;
}

// One line of the log.
struct Entry {
  const char* what;
  std::string id;
  int64_t begin = 0;
  int64_t end = 0;
  uint32_t attempt = 0;
  mecha_status status = MECHA_OK;
};

class Log {
 public:
  explicit Log(const std::string& path)
      : fd_(open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)) {}
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  ~Log() { close(fd_); }

  // One write: lines of several processes do not mix, and a kill leaves no half of one.
  void Add(const Entry& entry) const {
    char line[256];
    const int size = std::snprintf(line, sizeof line, "%s %s %d %lld %lld %u %d\n", entry.what,
                                   entry.id.c_str(), getpid(), static_cast<long long>(entry.begin),
                                   static_cast<long long>(entry.end), entry.attempt, entry.status);
    if (write(fd_, line, static_cast<size_t>(size)) != size) _exit(kFailed);
  }

 private:
  const int fd_;
};

struct Peer {
  explicit Peer(const Settings& given) : settings(given), log(settings["log"]) {}
  ~Peer() {
    mecha_queue_free(queue);
    mecha_runtime_free(runtime);
  }
  int64_t Number(const char* name) const { return std::stoll(settings.at(name)); }

  int Open() {
    const mecha_view path = View(settings["resources"]);
    mecha_runtime_options options{};
    options.struct_size = sizeof options;
    options.api_version = MECHA_API_VERSION;
    options.app_id = View("chaos");
    options.resource_paths = &path;
    options.resource_path_count = 1;
    mecha_error* error = nullptr;
    mecha_status status = mecha_runtime_open(&options, &runtime, &error);
    if (status == MECHA_OK) status = mecha_runtime_start(runtime, &error);
    if (status == MECHA_OK) return 0;
    return Fail("open", status, mecha_error_message(error));
  }

  Settings settings;
  Log log;
  mecha_runtime* runtime = nullptr;
  mecha_queue* queue = nullptr;
};

bool InputEnded(int64_t wait_us) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  const timespec wait{0, static_cast<long>(wait_us * 1000)};
  return ppoll(&input, 1, &wait, nullptr) > 0;
}

// Publishes a batch until the broker has all of it, and only then writes down what it has.
mecha_status Publish(Peer& peer, const std::vector<std::string>& ids) {
  std::vector<mecha_message> messages(ids.size());
  for (size_t i = 0; i < ids.size(); ++i) {
    messages[i].data = {ids[i].data(), ids[i].size(), nullptr, nullptr};
    messages[i].id = View(ids[i]);
  }
  mecha_call call{};
  call.struct_size = sizeof call;
  call.timeout_ns = 2'000'000'000;
  const int64_t begin = Now();
  mecha_result* result = nullptr;
  const mecha_status status =
      mecha_publish(peer.runtime, &call, View("bus"), View(peer.settings["topic"]), messages.data(),
                    messages.size(), nullptr, &result);
  for (size_t i = 0; i < ids.size() && status >= MECHA_OK; ++i) {
    mecha_item item{};
    item.struct_size = sizeof item;
    mecha_result_item(result, i, &item);
    if (item.status == MECHA_OK) peer.log.Add({"P", ids[i], begin, Now()});
  }
  mecha_result_release(result);
  return status;
}

int RunPublisher(Peer& peer) {
  if (const int failed = peer.Open()) return failed;
  const auto batch = static_cast<size_t>(peer.Number("batch"));
  const int64_t last = peer.Number("count");
  for (int64_t next = 0; next < last && !InputEnded(peer.Number("pause_us"));) {
    std::vector<std::string> ids;
    while (ids.size() < batch && next < last) {
      ids.push_back(peer.settings["prefix"] + std::to_string(next++));
    }
    // What was not acknowledged is left behind: it may come or not.
    Publish(peer, ids);
  }
  return 0;
}

class Consumer {
 public:
  explicit Consumer(Peer& peer)
      : peer_(peer),
        longest_us_(peer.Number("work_us")),
        shortest_us_(peer.Number("least_us")),
        verdict_(peer.settings["verdict"] == "retry" ? MECHA_VERDICT_RETRY : MECHA_VERDICT_OK) {}

  int Serve() {
    if (const mecha_status status = mecha_queue_open(peer_.runtime, nullptr, &peer_.queue)) {
      return Fail("queue", status);
    }
    mecha_serve_options options{};
    options.struct_size = sizeof options;
    options.kind = MECHA_SERVE_TOPIC;
    options.credit = static_cast<uint32_t>(peer_.Number("credit"));
    options.spec = View(peer_.settings["spec"]);
    mecha_result* result = nullptr;
    const mecha_status status =
        mecha_serve(peer_.runtime, nullptr, peer_.queue, &options, &registration_, &result);
    if (status != MECHA_OK) {
      return Fail("serve", status,
                  mecha_error_message(mecha_result_error(result, MECHA_RESULT_WHOLE)));
    }
    for (int64_t i = 0; i < peer_.Number("threads"); ++i) threads_.emplace_back([this] { Work(); });
    return 0;
  }

  int End() { return peer_.settings["end"] == "free" ? Free() : Drain(); }

 private:
  // Without a drain: what is in handlers is never answered, and the runtime goes as it stands.
  int Free() {
    is_leaving_ = true;
    for (size_t i = 0; i < threads_.size(); ++i) mecha_queue_wake(peer_.queue);
    for (std::thread& thread : threads_) thread.join();
    mecha_runtime_free(std::exchange(peer_.runtime, nullptr));
    mecha_registration_free(registration_);
    return 0;
  }

  // By the end of the registration, or of the whole runtime.
  int Drain() {
    mecha_call call{};
    call.struct_size = sizeof call;
    call.timeout_ns = kDrainTime;
    mecha_status status = MECHA_OK;
    if (peer_.settings["end"] == "stop") {
      status = mecha_serve_stop(peer_.runtime, &call, registration_, nullptr);
      if (status != MECHA_OK) Fail("stop", status);
    }
    mecha_result* report = nullptr;
    const mecha_status shut = mecha_runtime_shutdown(peer_.runtime, kDrainTime, &report);
    if (shut != MECHA_OK) {
      mecha_item item{};
      item.struct_size = sizeof item;
      mecha_result_item(report, 0, &item);
      Fail("shutdown", shut, Text(item.value));
    }
    mecha_result_release(report);
    mecha_queue_close(peer_.queue);
    for (std::thread& thread : threads_) thread.join();
    mecha_registration_free(registration_);
    return status == MECHA_OK && shut == MECHA_OK ? 0 : kNotDrained;
  }

  void Work() {
    std::minstd_rand random(std::random_device{}());
    std::uniform_int_distribution<int64_t> pause(shortest_us_, longest_us_);
    mecha_event event{};
    while (!is_leaving_) {
      const int32_t count = mecha_queue_wait(peer_.queue, &event, 1, -1);
      if (count < 0) return;
      if (count == 1 && event.kind == MECHA_EVENT_REQUEST) Handle(event, pause(random));
      if (count == 1) mecha_result_release(event.result);
    }
  }

  // B: it begins, D: the work is done, R: how the reply was taken.
  void Handle(const mecha_event& event, int64_t work_us) {
    const int64_t begin = Now();
    mecha_request_info info{};
    info.struct_size = sizeof info;
    mecha_request_read(event.result, 0, &info);
    const std::string id = Text(info.message_id);
    peer_.log.Add({"B", id, begin, begin, info.attempt});
    std::this_thread::sleep_for(std::chrono::microseconds(work_us));
    peer_.log.Add({"D", id, begin, Now(), info.attempt});
    if (is_leaving_) return;
    mecha_reply reply{};
    reply.struct_size = sizeof reply;
    reply.verdict = verdict_;
    const int64_t end = Now();
    const mecha_status status = mecha_request_reply(peer_.runtime, event.id, &reply);
    peer_.log.Add({"R", id, begin, end, info.attempt, status});
  }

  Peer& peer_;
  const int64_t longest_us_;
  const int64_t shortest_us_;
  const uint32_t verdict_;
  mecha_registration* registration_ = nullptr;
  std::atomic<bool> is_leaving_{false};
  std::vector<std::thread> threads_;
};

int RunConsumer(Peer& peer, const sigset_t& signals) {
  if (const int failed = peer.Open()) return failed;
  Consumer consumer(peer);
  if (const int failed = consumer.Serve()) return failed;
  peer.log.Add({"S", "-", Now(), Now()});
  int signal = 0;
  sigwait(&signals, &signal);
  return consumer.End();
}

}  // namespace

int main(int argument_count, char** arguments) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  Settings settings{{"batch", "1"},   {"count", "1000000000"}, {"pause_us", "0"},
                    {"prefix", "m"},  {"threads", "4"},        {"credit", "16"},
                    {"work_us", "0"}, {"least_us", "0"},       {"end", "shutdown"}};
  for (int i = 2; i < argument_count; ++i) {
    const std::string_view argument = arguments[i];
    const size_t sign = argument.find('=');
    if (sign == std::string_view::npos) return Fail(arguments[i], MECHA_INVALID_ARGUMENT);
    settings[std::string(argument.substr(0, sign))] = argument.substr(sign + 1);
  }
  Peer peer(settings);
  const std::string_view what = argument_count > 1 ? arguments[1] : "";
  if (what == "publish") return RunPublisher(peer);
  if (what == "consume") return RunConsumer(peer, signals);
  return Fail("publish or consume", MECHA_INVALID_ARGUMENT);
}
