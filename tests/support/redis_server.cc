// SPDX-License-Identifier: Apache-2.0
#include "support/redis_server.h"

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
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace mecha::test {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr auto kStartTimeout = std::chrono::seconds(10);
constexpr int kPortAttempts = 5;
constexpr int kReplyTimeoutMilliseconds = 5000;

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
    throw std::runtime_error("TestRedis: no free loopback port");
  }
  return ntohs(address.sin_port);
}

std::string Encode(const std::vector<std::string>& arguments) {
  std::string text = "*" + std::to_string(arguments.size()) + "\r\n";
  for (const std::string& argument : arguments) {
    text += "$" + std::to_string(argument.size()) + "\r\n" + argument + "\r\n";
  }
  return text;
}

// Reads until the server has closed the connection, which QUIT at the end of the request brings.
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

bool Exchange(uint16_t port, const std::string& request, std::string* reply) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  const bool is_sent =
      connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      send(fd, request.data(), request.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(request.size());
  if (is_sent) {
    *reply = ReadAll(fd);
  }
  close(fd);
  return is_sent;
}

void RemoveFirstLine(std::string* text) { text->erase(0, text->find("\r\n") + 2); }

}  // namespace

TestRedis::TestRedis(RedisServerOptions options) : options_(std::move(options)) {
  std::string pattern = (std::filesystem::temp_directory_path() / "mecha-redis-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    throw std::runtime_error("TestRedis: no temporary folder: " + pattern);
  }
  folder_ = pattern;
  StartOnFreePort();
}

TestRedis::~TestRedis() {
  Kill();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void TestRedis::StartOnFreePort() {
  // Somebody else may take the port between FreePort and the server's bind: then the next one.
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    port_ = FreePort();
    WriteConfiguration();
    if (Start()) {
      return;
    }
  }
  throw std::runtime_error("TestRedis: redis-server does not start; see " + folder_);
}

void TestRedis::WriteConfiguration() {
  std::ofstream file(folder_ + "/redis.conf");
  file << "bind 127.0.0.1\nport " << port_ << "\ndir " << folder_ << "\nlogfile " << folder_
       << "/redis.log\nsave \"\"\nappendonly no\ndaemonize no\n";
  if (!options_.username.empty()) {
    file << "user " << options_.username << " on >" << options_.password << " ~* &* +@all\n"
         << "user default off\n";
  } else if (!options_.password.empty()) {
    file << "requirepass " << options_.password << "\n";
  }
  for (const std::string& line : options_.configuration) {
    file << line << "\n";
  }
}

bool TestRedis::Start() {
  const std::string configuration = folder_ + "/redis.conf";
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
    execlp("redis-server", "redis-server", configuration.c_str(), nullptr);
    _exit(127);
  }
  const auto end = SteadyClock::now() + kStartTimeout;
  while (SteadyClock::now() < end && waitpid(pid_, nullptr, WNOHANG) == 0) {
    if (IsReady()) {
      return true;
    }
    usleep(2000);
  }
  Kill();
  return false;
}

bool TestRedis::IsReady() const {
  // The listener must be our process, and it must have finished loading.
  return Command({"PING"}) == "+PONG\r\n" &&
         Command({"INFO", "server"}).find("process_id:" + std::to_string(pid_) + "\r\n") !=
             std::string::npos;
}

void TestRedis::Kill() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
  }
}

void TestRedis::Restart() {
  Kill();
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    if (Start()) {
      return;
    }
  }
  throw std::runtime_error("TestRedis: redis-server does not start again; see " + folder_);
}

void TestRedis::Pause() {
  // waitpid tells when the process has really stopped; the signal alone is only a request.
  kill(pid_, SIGSTOP);
  waitpid(pid_, nullptr, WUNTRACED);
}

void TestRedis::Continue() { kill(pid_, SIGCONT); }

std::string TestRedis::Command(const std::vector<std::string>& arguments) const {
  std::string request;
  if (!options_.username.empty()) {
    request += Encode({"AUTH", options_.username, options_.password});
  } else if (!options_.password.empty()) {
    request += Encode({"AUTH", options_.password});
  }
  const bool has_login = !request.empty();
  request += Encode(arguments) + Encode({"QUIT"});
  std::string reply;
  if (!Exchange(port_, request, &reply)) {
    return "";
  }
  if (has_login) {
    RemoveFirstLine(&reply);
  }
  constexpr std::string_view kQuitReply = "+OK\r\n";
  if (std::string_view(reply).ends_with(kQuitReply)) {
    reply.resize(reply.size() - kQuitReply.size());
  }
  return reply;
}

}  // namespace mecha::test
