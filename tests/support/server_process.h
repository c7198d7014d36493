// SPDX-License-Identifier: Apache-2.0
// ServerProcess: a server program run for one test, ended by its process id, and what is needed to
// talk to it on the loopback. It knows no kind of server.
//
// Threads: one thread at a time. The server ends with the thread that started it, so start it from
// a thread that outlives it (the test's own).
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace mecha::test {

sockaddr_in Loopback(uint16_t port);
// A port that was free a moment ago. Throws std::runtime_error when there is none.
uint16_t FreePort();
// So often a server is started on another one: somebody may have taken the port before it did.
inline constexpr int kPortAttempts = 5;

// Sends `request` over a connection of its own and returns what comes until the server closes it,
// or is silent for 5 s; empty when it could not be sent. The request's end asks the server to
// close. Some servers take the end of sending for a caller who has left: kStaysOpen is for those.
enum class AfterSending { kEnds, kStaysOpen };
std::string Exchange(uint16_t port, const std::string& request,
                     AfterSending after = AfterSending::kEnds);

class ServerProcess {
 public:
  ServerProcess() = default;
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess() { Kill(); }

  // Runs a program, found on the PATH and silent, until `is_ready`; false when it ended before or
  // took more than 10 s.
  bool Start(const std::vector<std::string>& arguments, const std::function<bool()>& is_ready);
  // Ends it at once (SIGKILL).
  void Kill();
  // Stops the process without closing its sockets, and lets it go on.
  void Pause();
  void Continue();
  int pid() const { return pid_; }

 private:
  int pid_ = 0;
};

}  // namespace mecha::test
