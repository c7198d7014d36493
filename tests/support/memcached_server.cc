// SPDX-License-Identifier: Apache-2.0
#include "support/memcached_server.h"

#include <unistd.h>

#include <stdexcept>
#include <utility>

namespace mecha::test {
namespace {}  // namespace

TestMemcached::TestMemcached(std::vector<std::string> options) : options_(std::move(options)) {
  // Somebody else may take the port between FreePort and the server's bind: then the next one.
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    port_ = FreePort();
    if (Start()) {
      return;
    }
  }
  throw std::runtime_error("TestMemcached: memcached does not start");
}

bool TestMemcached::Start() {
  std::vector<std::string> arguments = {"memcached",           "-l", "127.0.0.1", "-p",
                                        std::to_string(port_), "-U", "0"};
  if (getuid() == 0) {
    arguments.insert(arguments.end(), {"-u", "root"});
  }
  arguments.insert(arguments.end(), options_.begin(), options_.end());
  // The listener must be our process; one that wants a login does not say which it is.
  return process_.Start(arguments, [this] {
    return Statistic("pid") == std::to_string(process_.pid()) ||
           Command("stats").starts_with("CLIENT_ERROR unauthenticated");
  });
}

void TestMemcached::Restart() {
  Kill();
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    if (Start()) {
      return;
    }
  }
  throw std::runtime_error("TestMemcached: memcached does not start again");
}

std::string TestMemcached::Command(const std::string& command) const {
  return Exchange(port_, command + "\r\nquit\r\n");
}

std::string TestMemcached::Statistic(const std::string& name) const {
  const std::string reply = Command("stats");
  const std::string start = "STAT " + name + " ";
  const size_t at = reply.find(start);
  if (at == reply.npos) {
    return "";
  }
  const size_t value = at + start.size();
  return reply.substr(value, reply.find("\r\n", value) - value);
}

int TestMemcached::Connections() const { return std::stoi(Statistic("curr_connections")) - 1; }

}  // namespace mecha::test
