// SPDX-License-Identifier: Apache-2.0
// TestPostgres: a private PostgreSQL for one test program or test, on a free loopback port, in a
// temporary folder that goes with it. It is not a client: tests reach the server through what they
// test, or Sql().
//
// Started by root it runs as the user postgres, because PostgreSQL refuses root. The data folder is
// made once per process and copied. Threads: one at a time. The server ends with the thread that
// started it, so start and restart it from a thread that outlives it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace mecha::test {

struct PostgresServerOptions {
  // Further settings, for example "max_connections=5".
  std::vector<std::string> settings;
  // The server wants this password over TCP from every user but postgres, whom it trusts.
  bool wants_passwords = false;
  // The server wants TLS over TCP. Its certificate is for "localhost", signed by itself.
  bool is_encrypted = false;
  // PEM. The server, which is encrypted, wants a client certificate that this authority signed.
  std::string clients_authority = {};
};

class TestPostgres {
 public:
  // Starts the server and waits until it answers. Throws std::runtime_error when it cannot.
  explicit TestPostgres(PostgresServerOptions options = {});
  TestPostgres(const TestPostgres&) = delete;
  TestPostgres& operator=(const TestPostgres&) = delete;
  ~TestPostgres();

  uint16_t port() const { return port_; }
  // Of the server, in the PEM format, where is_encrypted.
  std::string certificate() const { return folder_ + "/server.crt"; }
  // Holds the Unix socket, too.
  const std::string& folder() const { return folder_; }
  // A connection string for the user postgres.
  std::string Connection(const std::string& database = "postgres") const;
  // A new empty database; its name.
  std::string MakeDatabase();

  // Runs some SQL over a connection of its own. The last statement's rows: fields parted by "|",
  // rows by a line end; "ERROR ..." when it failed.
  std::string Sql(const std::string& database, const std::string& text) const;

  // Ends the server at once, as a crash would. What was acknowledged is there after Restart.
  void Kill();
  // Starts it again on the same port, after Kill or instead of it.
  void Restart();
  // Stops all its processes without closing their sockets, and lets them go on.
  void Pause();
  void Continue();

 private:
  void MakeCertificate();
  void StartOnFreePort();
  bool Start();
  bool IsReady() const;
  std::vector<pid_t> Processes() const;

  PostgresServerOptions options_;
  std::string folder_;
  uint16_t port_ = 0;
  pid_t pid_ = 0;
  int databases_ = 0;
};

}  // namespace mecha::test
