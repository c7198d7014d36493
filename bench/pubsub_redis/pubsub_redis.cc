// SPDX-License-Identifier: Apache-2.0
// What do messages of 1 KB through a Redis stream cost: publish, consume and acknowledge, with 256
// of them on their way? Mecha's C interface on one poll queue, against hiredis pipelined by hand.
// The two take turns on one server.
//   pubsub_redis [--json FILE]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "pubsub_redis/stream_peer.h"
#include "support/comparison.h"
#include "support/messages.h"
#include "support/redis_server.h"
#include "support/throughput.h"

namespace bench {

void Fail(std::string_view what) {
  std::fprintf(stderr, "pubsub_redis: %.*s\n", static_cast<int>(what.size()), what.data());
  std::exit(2);
}

namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

constexpr auto kTurn = std::chrono::milliseconds(500);
constexpr size_t kWindow = 256;
// What our envelope adds to a message, so that the peer sends as many bytes.
constexpr size_t kEnvelopeBytes = 330;

template <class Step>
Rate RunFor(const Step& step) {
  const double cpu_before = CpuSeconds();
  const auto begin = Clock::now();
  size_t done = 0;
  while (Clock::now() - begin < kTurn) {
    done += step();
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  const double cpu = CpuSeconds() - cpu_before;
  return {static_cast<double>(done) / seconds, 0, 0, static_cast<double>(done) / cpu};
}

// Keeps so many messages on their way, on one thread.
Rate RunMecha(Messages& messages, std::string_view data) {
  size_t seen = messages.handled();
  const Rate rate = RunFor([&] {
    while (messages.open() < kWindow) {
      messages.Submit(data);
    }
    messages.Handle();
    const size_t before = std::exchange(seen, messages.handled());
    return seen - before;
  });
  while (messages.open() > 0) {
    messages.Handle();
  }
  return rate;
}

Rate RunPeer(StreamPeer& peer, std::string_view data) {
  return RunFor([&] {
    peer.Round(data, kWindow);
    return kWindow;
  });
}

MessagesOptions Redis(int port, bool is_raw) {
  return {.spec =
              "  type: pubsub.redis\n  version: v1\n  metadata:\n"
              "    - {name: redisHost, value: \"127.0.0.1:" +
              std::to_string(port) + "\"}\n    - {name: maxLenApprox, value: \"10000\"}\n",
          .content_type = "text/plain",
          .is_raw_publish = is_raw,
          .is_raw_subscription = is_raw,
          .is_callback = false,
          .is_batch = false,
          .credit = 1024};
}

int Main(int argc, char** argv) {
  const std::string data(1024, 'x');
  const std::string enveloped(data.size() + kEnvelopeBytes, 'x');
  const mecha::test::TestRedis server;
  StreamPeer peer(server.port());
  Json rows = Json::array();
  for (const bool is_raw : {false, true}) {
    Messages messages(Redis(server.port(), is_raw));
    const std::string& sent = is_raw ? data : enveloped;
    rows.push_back(
        CompareRates(std::string("publish and consume 1 KB, 256 in flight") +
                         (is_raw ? ", without envelope" : ""),
                     0.8, {"mecha pubsub.redis", [&] { return RunMecha(messages, data); }},
                     {"hiredis, pipelined by hand", [&] { return RunPeer(peer, sent); }}));
  }
  return FinishRows(
      {{"bench", "pubsub_redis"},
       {"question", "What do messages through a Redis stream cost?"},
       {"machine", {{"cores", std::thread::hardware_concurrency()}}},
       {"rows", rows},
       {"notes",
        {"The server runs on the same cores as its clients; processor time is the client's.",
         "The peer sends ready bytes, as many as ours have with their envelope: it makes and reads "
         "no envelope, and acknowledges 256 messages at once."}}},
      argc, argv);
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) { return bench::Main(argc, argv); }
