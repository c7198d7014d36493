// SPDX-License-Identifier: Apache-2.0
// TestEtcd: a private etcd of one member for one test, on free loopback ports, in a temporary
// folder that goes with it. It is not a client: tests reach the server through what they test, or
// Post(). It takes long requests, and its least time to live is one second.
//
// Threads: one thread at a time; as server_process.h says.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/server_process.h"

namespace mecha::test {

class TestEtcd {
 public:
  // Starts the server with these further options and waits until it has elected itself; it listens
  // at `other_url`, too. Throws std::runtime_error when it cannot.
  explicit TestEtcd(std::vector<std::string> options = {}, std::string other_url = {});
  TestEtcd(const TestEtcd&) = delete;
  TestEtcd& operator=(const TestEtcd&) = delete;
  ~TestEtcd();

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  const std::string& folder() const { return folder_; }

  // Ends the server at once (SIGKILL). What it acknowledged stays.
  void Kill() { process_.Kill(); }
  // Starts it again on the same port, after Kill or instead of it.
  void Restart();
  void Pause() { process_.Pause(); }
  void Continue() { process_.Continue(); }

  // One request to the gateway over a connection of its own; the raw answer.
  std::string Post(const std::string& path, const std::string& body) const;
  void Put(const std::string& key, const std::string& value) const;
  // The value's bytes, empty when there is none.
  std::string Get(const std::string& key) const;
  void Clear() const;

 private:
  bool Start();

  std::vector<std::string> options_;
  std::string other_url_;
  std::string folder_;
  uint16_t port_ = 0;
  uint16_t peer_port_ = 0;
  ServerProcess process_;
};

}  // namespace mecha::test
