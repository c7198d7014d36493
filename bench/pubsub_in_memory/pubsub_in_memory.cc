// SPDX-License-Identifier: Apache-2.0
// What does a message of 1 KB from publish to handler cost on pubsub.in-memory through Mecha's C
// interface? The peer is a bare queue between two threads, which does much less: it shows what the
// rest costs. What counts is messages for each second of processor time, of all threads.
//   pubsub_in_memory [--json FILE] [--row WORDS]
// With --row only the rows whose names contain the words are measured.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "pubsub_in_memory/bare_queue.h"
#include "support/comparison.h"
#include "support/messages.h"
#include "support/throughput.h"

namespace bench {

void Fail(std::string_view what) {
  std::fprintf(stderr, "pubsub_in_memory: %.*s\n", static_cast<int>(what.size()), what.data());
  std::exit(2);
}

namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

constexpr auto kTurn = std::chrono::milliseconds(200);
// The publisher pauses when so many are open, until half of them are handled.
constexpr size_t kMostOpen = 4096;
constexpr size_t kStride = 64;

// `publish` publishes one; `await_open` waits until all but so many are handled.
template <class Publish, class AwaitOpen>
Rate RunFor(const Publish& publish, const AwaitOpen& await_open) {
  await_open(0);
  const double cpu_before = CpuSeconds();
  const auto begin = Clock::now();
  size_t done = 0;
  while (Clock::now() - begin < kTurn) {
    for (size_t i = 0; i < kStride; ++i) {
      publish();
    }
    done += kStride;
    if (done % kMostOpen == 0) {
      await_open(kMostOpen / 2);
    }
  }
  await_open(0);
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  const double cpu = CpuSeconds() - cpu_before;
  return {static_cast<double>(done) / seconds, 0, 0, static_cast<double>(done) / cpu};
}

Rate RunMecha(Messages& messages, std::string_view data) {
  return RunFor([&] { messages.Publish(data); }, [&](size_t most) { messages.AwaitOpen(most); });
}

// One thread publishes some and handles them.
Rate RunOnOneThread(Messages& messages, std::string_view data) {
  return RunFor(
      [&] {
        messages.Publish(data);
        if (messages.open() == kStride) {
          messages.Handle();
        }
      },
      [&](size_t most) {
        while (messages.open() > most) {
          messages.Handle();
        }
      });
}

// A stride in one call.
Rate RunMany(Messages& messages, std::string_view data) {
  constexpr size_t kMany = kStride;
  size_t turn = 0;
  return RunFor(
      [&] {
        if (turn++ % kMany == 0) {
          messages.Publish(data, kMany);
        }
      },
      [&](size_t most) { messages.AwaitOpen(most); });
}

Rate RunBare(BareQueue& queue, std::string_view data) {
  return RunFor([&] { queue.Publish(data); }, [&](size_t most) { queue.AwaitOpen(most); });
}

MessagesOptions InMemory(bool is_callback) {
  return {.spec = "  type: pubsub.in-memory\n  version: v1\n",
          .content_type = "text/plain",
          .is_callback = is_callback};
}

std::string Envelope(std::string_view data) {
  return Json({{"id", "f5a3a1a2-7d4c-4b0b-9f0e-1d2c3b4a5968"},
               {"specversion", "1.0"},
               {"type", "com.dapr.event.sent"},
               {"source", "shop"},
               {"time", "2023-11-14T22:13:20Z"},
               {"datacontenttype", "application/json"},
               {"topic", "orders"},
               {"pubsubname", "messages"},
               {"traceid", ""},
               {"traceparent", ""},
               {"tracestate", ""},
               {"data", Json::parse(data)}})
      .dump();
}

std::string Order() {
  Json order = {{"order", 4711}, {"express", true}};
  for (int i = 0; order.dump().size() < 1000; ++i) {
    order["items"].push_back({{"sku", "article-" + std::to_string(i)}, {"count", i}});
  }
  return order.dump();
}

std::string_view WantedRow(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::string_view(argv[i]) == "--row") {
      return argv[i + 1];
    }
  }
  return {};
}

constexpr double kCallback = 1'000'000;
constexpr double kPoll = 300'000;

class Bench {
 public:
  explicit Bench(std::string_view wanted) : wanted_(wanted) {}

  void MeasureCallbacks();
  void MeasurePolling();
  void MeasureEnvelopes(bool is_callback);
  const Json& rows() const { return rows_; }

 private:
  void Compare(const std::string& row, double least, const std::function<Rate()>& run) {
    if (row.find(wanted_) == std::string::npos) {
      return;
    }
    BareQueue bare;
    rows_.push_back(CompareRates(row, Least{.per_cpu_second = least},
                                 {"mecha pubsub.in-memory", run},
                                 {"deque + mutex", [&] { return RunBare(bare, data_); }}));
  }

  const std::string_view wanted_;
  const std::string data_ = std::string(1024, 'x');
  Json rows_ = Json::array();
};

void Bench::MeasureCallbacks() {
  {
    Messages messages(InMemory(true));
    Compare("publish to handler, 1 KB, callback queue", kCallback,
            [&] { return RunMecha(messages, data_); });
    Compare("the same, 64 in one publish", 0, [&] { return RunMany(messages, data_); });
  }
  {
    MessagesOptions options = InMemory(true);
    options.is_batch = true;
    Messages messages(options);
    Compare("the same, 64 in one publish and up to 100 in one request", kCallback,
            [&] { return RunMany(messages, data_); });
  }
  MessagesOptions options = InMemory(true);
  options.is_loop_lent = true;
  Messages messages(options);
  Compare("publish to handler, 1 KB, callback queue, one thread", kCallback,
          [&] { return RunOnOneThread(messages, data_); });
}

void Bench::MeasurePolling() {
  Messages messages(InMemory(false));
  Compare("publish to handler, 1 KB, poll queue, one thread", 0,
          [&] { return RunOnOneThread(messages, data_); });
  messages.HandleElsewhere();
  Compare("publish to handler, 1 KB, poll queue", kPoll, [&] { return RunMecha(messages, data_); });
}

void Bench::MeasureEnvelopes(bool is_callback) {
  const std::string envelope = Envelope(Order());
  MessagesOptions options = InMemory(is_callback);
  options.content_type = "application/cloudevents+json";
  options.is_raw_subscription = true;
  options.look = [](std::string_view body) {
    if (body.size() < 1000 || body.front() != '{') {
      Fail("the handler got no envelope");
    }
  };
  Messages messages(options);
  if (!is_callback) {
    messages.HandleElsewhere();
  }
  Compare(std::string("publish to handler, decoded and encoded, ") +
              (is_callback ? "callback" : "poll") + " queue",
          kPoll, [&] { return RunMecha(messages, envelope); });
}

int Main(int argc, char** argv) {
  Bench measured(WantedRow(argc, argv));
  measured.MeasureCallbacks();
  measured.MeasurePolling();
  measured.MeasureEnvelopes(true);
  measured.MeasureEnvelopes(false);
  return FinishRows(
      {{"bench", "pubsub_in_memory"},
       {"question", "What does a message from publish to handler cost within a process?"},
       {"machine", {{"cores", std::thread::hardware_concurrency()}}},
       {"rows", measured.rows()},
       {"notes",
        {"One thread publishes, another handles; processor time is that of both together. On one "
         "thread: it publishes 64 and handles them; of a callback queue it lends itself to the "
         "runtime for that.",
         "Decoded and encoded: an envelope as JSON is published, and the subscription takes the "
         "envelope as JSON."}}},
      argc, argv);
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) { return bench::Main(argc, argv); }
