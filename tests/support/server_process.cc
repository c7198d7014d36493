// SPDX-License-Identifier: Apache-2.0
#include "support/server_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <stdexcept>

namespace mecha::test {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr auto kStartTimeout = std::chrono::seconds(10);
constexpr int kReplyTimeoutMilliseconds = 5000;

// Reads until the server has closed the connection.
std::string ReadAll(int fd) {
  std::string text;
  char bytes[4096];
  for (;;) {
    pollfd ready{fd, POLLIN, 0};
    if (poll(&ready, 1, kReplyTimeoutMilliseconds) <= 0) {
      return text;
    }
    const ssize_t count = recv(fd, bytes, sizeof bytes, 0);
    if (count <= 0) {
      return text;
    }
    text.append(bytes, static_cast<size_t>(count));
  }
}

}  // namespace

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

uint16_t FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  const bool is_bound = bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                        getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(fd);
  if (!is_bound) {
    throw std::runtime_error("no free loopback port");
  }
  return ntohs(address.sin_port);
}

std::string Exchange(uint16_t port, const std::string& request, AfterSending after) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  const bool is_sent =
      connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      send(fd, request.data(), request.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(request.size()) &&
      (after == AfterSending::kStaysOpen || shutdown(fd, SHUT_WR) == 0);
  const std::string reply = is_sent ? ReadAll(fd) : std::string();
  close(fd);
  return reply;
}

bool ServerProcess::Start(const std::vector<std::string>& arguments,
                          const std::function<bool()>& is_ready) {
  std::vector<char*> words;
  for (const std::string& argument : arguments) {
    words.push_back(const_cast<char*>(argument.c_str()));
  }
  words.push_back(nullptr);
  const int parent = getpid();
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
      _exit(1);
    }
    const int null_fd = open("/dev/null", O_RDWR);
    dup2(null_fd, 0);
    dup2(null_fd, 1);
    dup2(null_fd, 2);
    execvp(words.front(), words.data());
    _exit(127);
  }
  const auto end = SteadyClock::now() + kStartTimeout;
  while (SteadyClock::now() < end) {
    if (waitpid(pid_, nullptr, WNOHANG) != 0) {
      pid_ = 0;  // it has ended, and its number may be another's
      return false;
    }
    if (is_ready()) {
      return true;
    }
    usleep(2000);
  }
  Kill();
  return false;
}

void ServerProcess::Kill() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
  }
}

void ServerProcess::Pause() {
  // waitpid tells when the process has really stopped; the signal alone is only a request.
  kill(pid_, SIGSTOP);
  waitpid(pid_, nullptr, WUNTRACED);
}

void ServerProcess::Continue() { kill(pid_, SIGCONT); }

}  // namespace mecha::test
