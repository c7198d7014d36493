// SPDX-License-Identifier: Apache-2.0
// TestMariadb: a private mariadbd for one test, on a free loopback port, in a temporary folder that
// goes with it. Its user is root without a password. Filling the folder takes seconds; it is done
// once for each program, and copied.
//
// Threads: one thread at a time; as server_process.h says.
#pragma once

#include <cstdint>
#include <string>

#include "support/server_process.h"

namespace mecha::test {

class TestMariadb {
 public:
  // Starts the server and waits until it answers. Throws std::runtime_error when it cannot.
  TestMariadb();
  TestMariadb(const TestMariadb&) = delete;
  TestMariadb& operator=(const TestMariadb&) = delete;
  ~TestMariadb();

  uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  // Ends the server at once (SIGKILL). What it acknowledged stays.
  void Kill() { process_.Kill(); }
  // Starts it again on the same port, after Kill or instead of it.
  void Restart();
  void Pause() { process_.Pause(); }
  void Continue() { process_.Continue(); }

  // Runs statements with the command-line client; its output, tab-separated.
  std::string Execute(const std::string& statements) const;

 private:
  bool Start();

  std::string folder_;
  uint16_t port_ = 0;
  ServerProcess process_;
};

}  // namespace mecha::test
