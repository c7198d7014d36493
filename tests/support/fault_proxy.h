// SPDX-License-Identifier: Apache-2.0
// FaultProxy: stands between a client and a server on the loopback and does to what the server says
// what networks and middle boxes do: holds it back, cuts it short, says it twice, hangs up, or
// accepts and stays silent. It understands no protocol: a "reply" is what one read of the server's
// side gave.
//
// One thread of its own polls all connections. Set may be called from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace mecha::test {

struct Faults {
  enum class Kind : uint8_t {
    kNone,
    kDelay,      // each reply comes `delay` late
    kTruncate,   // half of a reply, then the end
    kCut,        // the end instead of a reply
    kDuplicate,  // a reply twice, in one piece
    kEcho,       // a reply, and once more `delay` later
    kSilence,    // nothing at all goes either way, for ever; new connections are accepted
  };
  Kind kind = Kind::kNone;
  // How many of a thousand replies it strikes, at random; silence strikes whole connections.
  unsigned per_thousand = 1000;
  std::chrono::milliseconds delay{0};
};

class FaultProxy {
 public:
  explicit FaultProxy(uint16_t server_port);
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;
  ~FaultProxy();

  uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  // What happens from now on, to open connections as well. Several kinds: each strikes on its own.
  void Set(std::vector<Faults> faults);
  // How many replies or connections were struck.
  size_t struck() const { return struck_.load(); }
  // How many connections were accepted, and how many of them are open.
  size_t accepted() const { return accepted_.load(); }
  size_t open() const { return open_.load(); }
  // How many pieces it holds back.
  size_t held() const { return held_.load(); }

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Piece {
    Time due;
    std::string bytes;
    bool is_end = false;
  };
  struct Link {
    int client = -1;
    int server = -1;
    bool is_silent = false;
    bool is_over = false;
    std::deque<Piece> pieces;  // to the client
  };

  void Run();
  int Timeout(Time now) const;
  void Accept();
  void Serve(Link& link, short client, short server);
  void TakeRequest(Link& link);
  void TakeReply(Link& link);
  void Deliver(Link& link, Time now);
  bool Strikes(const Faults& faults);
  std::vector<Faults> faults();

  const uint16_t server_port_;
  uint16_t port_ = 0;
  int listener_ = -1;
  int wake_ = -1;
  std::atomic<bool> is_ending_{false};
  std::atomic<size_t> struck_{0};
  std::atomic<size_t> accepted_{0};
  std::atomic<size_t> open_{0};
  std::atomic<size_t> held_{0};
  std::mutex mutex_;
  std::vector<Faults> faults_;
  std::mt19937 random_{11};
  std::list<Link> links_;
  std::thread thread_;
};

}  // namespace mecha::test
