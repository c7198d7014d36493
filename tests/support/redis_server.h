// SPDX-License-Identifier: Apache-2.0
// TestRedis: a private redis-server for one test, on a free loopback port, in a temporary folder
// that goes with it. It is not a client: tests reach the server through what they test, or
// Command().
//
// Threads: one thread at a time. The server ends with the thread that started it, so start and
// restart it from a thread that outlives it (the test's own).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/server_process.h"

namespace mecha::test {

struct RedisServerOptions {
  // With a user, the server knows that user alone; with a password alone, the default user wants
  // it.
  std::string username;
  std::string password;
  // Further lines of redis.conf, for example "maxmemory 10mb".
  std::vector<std::string> configuration;
  // With any, the server also has a port for TLS: "tls-cert-file /x/server.pem" and the like.
  std::vector<std::string> tls = {};
  // A sentinel instead of a server that keeps data.
  bool is_sentinel = false;
};

class TestRedis {
 public:
  // Starts the server and waits until it answers PING. Throws std::runtime_error when it cannot.
  explicit TestRedis(RedisServerOptions options = {});
  TestRedis(const TestRedis&) = delete;
  TestRedis& operator=(const TestRedis&) = delete;
  ~TestRedis();

  uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  // Where it speaks TLS; 0 without.
  uint16_t tls_port() const { return tls_port_; }
  std::string tls_address() const { return "127.0.0.1:" + std::to_string(tls_port_); }
  const std::string& folder() const { return folder_; }

  // Ends the server at once (SIGKILL). Its data is gone unless the configuration keeps it.
  void Kill();
  // Starts it again on the same port, after Kill or instead of it.
  void Restart();
  // Stops the process without closing its sockets, and lets it go on.
  void Pause();
  void Continue();

  // One command over a connection of its own; the raw reply, "-ERR ..." included.
  std::string Command(const std::vector<std::string>& arguments) const;

 private:
  void WriteConfiguration();
  void StartOnFreePort();
  bool Start();
  bool IsReady() const;

  RedisServerOptions options_;
  std::string folder_;
  uint16_t port_ = 0;
  uint16_t tls_port_ = 0;
  ServerProcess process_;
};

}  // namespace mecha::test
