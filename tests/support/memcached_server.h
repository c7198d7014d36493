// SPDX-License-Identifier: Apache-2.0
// TestMemcached: a private memcached for one test, on a free loopback port. It is not a client:
// tests reach the server through what they test, or Command().
//
// Threads: one thread at a time; as server_process.h says.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/server_process.h"

namespace mecha::test {

class TestMemcached {
 public:
  // Starts the server with these further options, for example {"-I", "64m"}, and waits until it
  // answers. Throws std::runtime_error when it cannot.
  explicit TestMemcached(std::vector<std::string> options = {});
  TestMemcached(const TestMemcached&) = delete;
  TestMemcached& operator=(const TestMemcached&) = delete;

  uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  // Ends the server at once (SIGKILL). Its data is gone.
  void Kill() { process_.Kill(); }
  // Starts it again on the same port, after Kill or instead of it. It is empty.
  void Restart();
  void Pause() { process_.Pause(); }
  void Continue() { process_.Continue(); }

  // One command over a connection of its own, a value's line included ("set k 0 0 1\r\nv"); the raw
  // reply.
  std::string Command(const std::string& command) const;
  // How many connections the server has, the asking one left out.
  int Connections() const;

 private:
  bool Start();
  std::string Statistic(const std::string& name) const;

  std::vector<std::string> options_;
  uint16_t port_ = 0;
  ServerProcess process_;
};

}  // namespace mecha::test
