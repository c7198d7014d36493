// SPDX-License-Identifier: Apache-2.0
#include "http_client.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace function_host {
namespace {

constexpr std::size_t kLongestLine = 16 * 1024;
constexpr std::size_t kMostHeaders = 100;
constexpr std::size_t kLongestBody = 32 * 1024 * 1024;

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string Lowered(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), Lower);
  return lowered;
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool ParseNumber(std::string_view text, int base, std::size_t& number) {
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc() && rest == text.data() + text.size();
}

std::string ToText(const HttpRequest& request, std::string_view address) {
  std::string text;
  text.append(request.method).append(" ").append(request.path).append(" HTTP/1.1\r\nHost: ");
  text.append(address).append("\r\n");
  for (const auto& [name, value] : request.headers) {
    text.append(name).append(": ").append(value).append("\r\n");
  }
  if (request.method != "GET") {
    text.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
  }
  return text.append("\r\n").append(request.body);
}

}  // namespace

std::string_view HttpResponse::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

bool HttpClient::Send(const HttpRequest& request, HttpResponse& response, std::string& problem) {
  end_ = std::chrono::steady_clock::now() + request.timeout;
  ends_at_stop_ = request.ends_at_stop;
  const bool was_kept = fd_ >= 0;
  if (Exchange(request, response, problem)) return true;
  const bool may_repeat = was_kept && !has_answered_;
  Close();
  if (may_repeat && Exchange(request, response, problem)) return true;
  Close();
  problem = std::string(request.method) + " http://" + address_ + std::string(request.path) + ": " +
            problem;
  return false;
}

bool HttpClient::Exchange(const HttpRequest& request, HttpResponse& response,
                          std::string& problem) {
  response = {};
  has_answered_ = false;
  if (fd_ < 0 && !Connect(problem)) return false;
  if (!Write(ToText(request, address_), problem)) return false;
  do {
    if (!ReadHead(response, problem)) return false;
  } while (response.status / 100 == 1);  // "continue" and the like: the answer follows
  if (!ReadBody(response, problem)) return false;
  if (!is_kept_alive_) Close();
  return true;
}

bool HttpClient::Connect(std::string& problem) {
  const std::size_t colon = address_.rfind(':');
  if (colon == std::string::npos) {
    problem = "the address has no port; it is host:port";
    return false;
  }
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error =
      getaddrinfo(address_.substr(0, colon).c_str(), address_.c_str() + colon + 1, &wanted, &found);
  if (error != 0) {
    problem = gai_strerror(error);
    return false;
  }
  for (const addrinfo* each = found; each != nullptr && fd_ < 0; each = each->ai_next) {
    if (!ConnectTo(*each, problem)) Close();
  }
  freeaddrinfo(found);
  return fd_ >= 0;
}

bool HttpClient::ConnectTo(const addrinfo& address, std::string& problem) {
  fd_ = socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int error = 0;
  if (fd_ < 0 || (connect(fd_, address.ai_addr, address.ai_addrlen) != 0 && errno != EINPROGRESS)) {
    problem = std::string("connect: ") + std::strerror(errno);
    return false;
  }
  socklen_t size = sizeof error;
  if (!Await(POLLOUT, problem)) return false;
  getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    problem = std::string("connect: ") + std::strerror(error);
    return false;
  }
  const int yes = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return true;
}

void HttpClient::Close() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
  unread_.clear();
}

bool HttpClient::Await(short events, std::string& problem) {
  while (true) {
    if (ends_at_stop_ && stop_.has_come()) {
      problem = "stopped by a signal";
      return false;
    }
    const auto left = end_ - std::chrono::steady_clock::now();
    if (left.count() <= 0) {
      problem = "no answer in time";
      return false;
    }
    if (stop_.Wait(fd_, events, left)) return true;
  }
}

bool HttpClient::Write(std::string_view bytes, std::string& problem) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (!Await(POLLOUT, problem)) return false;
    } else if (errno != EINTR) {
      problem = std::string("send: ") + std::strerror(errno);
      return false;
    }
  }
  return true;
}

bool HttpClient::ReadMore(std::string& problem) {
  char buffer[16 * 1024];
  while (true) {
    const ssize_t count = recv(fd_, buffer, sizeof buffer, 0);
    if (count > 0) {
      has_answered_ = true;
      unread_.append(buffer, static_cast<std::size_t>(count));
      return true;
    }
    if (count == 0) {
      problem = "the server closed the connection";
      return false;
    }
    if (errno == EAGAIN) {
      if (!Await(POLLIN, problem)) return false;
    } else if (errno != EINTR) {
      problem = std::string("receive: ") + std::strerror(errno);
      return false;
    }
  }
}

bool HttpClient::ReadLine(std::string& line, std::string& problem) {
  std::size_t end = 0;
  while ((end = unread_.find('\n')) == std::string::npos) {
    if (unread_.size() > kLongestLine) {
      problem = "a line of the response is too long";
      return false;
    }
    if (!ReadMore(problem)) return false;
  }
  line = unread_.substr(0, end > 0 && unread_[end - 1] == '\r' ? end - 1 : end);
  unread_.erase(0, end + 1);
  return true;
}

bool HttpClient::ReadBytes(std::size_t count, std::string& bytes, std::string& problem) {
  if (count > kLongestBody - std::min(kLongestBody, bytes.size())) {
    problem = "the response is too long";
    return false;
  }
  while (unread_.size() < count) {
    if (!ReadMore(problem)) return false;
  }
  bytes.append(unread_, 0, count);
  unread_.erase(0, count);
  return true;
}

bool HttpClient::ReadHead(HttpResponse& response, std::string& problem) {
  response = {};
  std::string line;
  if (!ReadLine(line, problem)) return false;
  std::size_t status = 0;
  if (line.size() < 12 || line.compare(0, 7, "HTTP/1.") != 0 ||
      !ParseNumber(std::string_view(line).substr(9, 3), 10, status)) {
    problem = "what came is not HTTP/1";
    return false;
  }
  response.status = static_cast<int>(status);
  is_kept_alive_ = line[7] != '0';
  while (ReadLine(line, problem)) {
    if (line.empty()) {
      is_kept_alive_ &= Lowered(response.Header("connection")) != "close";
      return true;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || response.headers.size() == kMostHeaders) {
      problem = "the head of the response is malformed";
      return false;
    }
    response.headers.emplace_back(Lowered(line.substr(0, colon)),
                                  Trimmed(std::string_view(line).substr(colon + 1)));
  }
  return false;
}

bool HttpClient::ReadBody(HttpResponse& response, std::string& problem) {
  if (response.status == 204 || response.status == 304) return true;
  if (Lowered(response.Header("transfer-encoding")) == "chunked") {
    return ReadChunks(response, problem);
  }
  const std::string_view length = response.Header("content-length");
  if (!length.empty()) {
    std::size_t count = 0;
    if (!ParseNumber(length, 10, count)) {
      problem = "the response's Content-Length is not a number";
      return false;
    }
    return ReadBytes(count, response.body, problem);
  }
  is_kept_alive_ = false;  // the body ends with the connection
  while (unread_.size() <= kLongestBody && ReadMore(problem)) continue;
  response.body.swap(unread_);
  return problem == "the server closed the connection";
}

bool HttpClient::ReadChunks(HttpResponse& response, std::string& problem) {
  std::string line;
  while (ReadLine(line, problem)) {
    std::size_t count = 0;
    const std::string_view size = Trimmed(std::string_view(line).substr(0, line.find(';')));
    if (!ParseNumber(size, 16, count)) {
      problem = "a chunk of the response has no size";
      return false;
    }
    if (count == 0) {
      while (ReadLine(line, problem)) {  // trailers
        if (line.empty()) return true;
      }
      return false;
    }
    if (!ReadBytes(count, response.body, problem) || !ReadLine(line, problem)) return false;
  }
  return false;
}

}  // namespace function_host
