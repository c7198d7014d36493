// SPDX-License-Identifier: Apache-2.0
#include "support/redis_server.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace mecha::test {
namespace {

std::string Encode(const std::vector<std::string>& arguments) {
  std::string text = "*" + std::to_string(arguments.size()) + "\r\n";
  for (const std::string& argument : arguments) {
    text += "$" + std::to_string(argument.size()) + "\r\n" + argument + "\r\n";
  }
  return text;
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
    tls_port_ = options_.tls.empty() ? 0 : FreePort();
    if (tls_port_ == port_) {
      continue;
    }
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
  if (tls_port_ != 0) {
    file << "tls-port " << tls_port_ << "\n";
  }
  for (const auto* lines : {&options_.tls, &options_.configuration}) {
    for (const std::string& line : *lines) {
      file << line << "\n";
    }
  }
}

bool TestRedis::Start() {
  std::vector<std::string> arguments = {"redis-server", folder_ + "/redis.conf"};
  if (options_.is_sentinel) {
    arguments.emplace_back("--sentinel");
  }
  return process_.Start(arguments, [this] { return IsReady(); });
}

bool TestRedis::IsReady() const {
  // The listener must be our process, and it must have finished loading.
  return Command({"PING"}) == "+PONG\r\n" &&
         Command({"INFO", "server"})
                 .find("process_id:" + std::to_string(process_.pid()) + "\r\n") !=
             std::string::npos;
}

void TestRedis::Kill() { process_.Kill(); }

void TestRedis::Restart() {
  Kill();
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    if (Start()) {
      return;
    }
  }
  throw std::runtime_error("TestRedis: redis-server does not start again; see " + folder_);
}

void TestRedis::Pause() { process_.Pause(); }

void TestRedis::Continue() { process_.Continue(); }

std::string TestRedis::Command(const std::vector<std::string>& arguments) const {
  std::string request;
  if (!options_.username.empty()) {
    request += Encode({"AUTH", options_.username, options_.password});
  } else if (!options_.password.empty()) {
    request += Encode({"AUTH", options_.password});
  }
  const bool has_login = !request.empty();
  request += Encode(arguments);
  if (!options_.is_sentinel) {  // which knows no QUIT and leaves when it reads the end
    request += Encode({"QUIT"});
  }
  std::string reply = Exchange(port_, request);
  if (reply.empty()) {
    return "";
  }
  if (has_login) {
    RemoveFirstLine(&reply);
  }
  constexpr std::string_view kQuitReply = "+OK\r\n";
  if (!options_.is_sentinel && std::string_view(reply).ends_with(kQuitReply)) {
    reply.resize(reply.size() - kQuitReply.size());
  }
  return reply;
}

}  // namespace mecha::test
