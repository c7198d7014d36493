// SPDX-License-Identifier: Apache-2.0
// HttpClient: HTTP/1.1 requests to one server, one at a time, over a connection that is kept. No
// TLS, no redirects: the runtime API is on the loopback device. It loads no library, so that the
// program starts fast. For one thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stop_signal.h"

struct addrinfo;

namespace function_host {

struct HttpRequest {
  std::string_view method;
  std::string_view path;
  std::string_view body;
  std::vector<std::pair<std::string_view, std::string_view>> headers;
  // How long the whole exchange may take.
  std::chrono::nanoseconds timeout{0};
  bool ends_at_stop = false;  // a stop signal ends the wait for the response
};

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;

  // Empty when it is not there. `name` in lower case.
  std::string_view Header(std::string_view name) const;
};

class HttpClient {
 public:
  // `address` is "host:port"; `stop` outlives this object.
  HttpClient(std::string address, const StopSignal& stop)
      : address_(std::move(address)), stop_(stop) {}
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  ~HttpClient() { Close(); }

  // False when no whole response came: `problem` tells why. A kept connection that the server has
  // closed meanwhile, as after a freeze, is replaced once.
  bool Send(const HttpRequest& request, HttpResponse& response, std::string& problem);

 private:
  using Time = std::chrono::steady_clock::time_point;

  bool Connect(std::string& problem);
  bool ConnectTo(const addrinfo& address, std::string& problem);
  bool Exchange(const HttpRequest& request, HttpResponse& response, std::string& problem);
  bool Write(std::string_view bytes, std::string& problem);
  bool ReadMore(std::string& problem);
  bool ReadHead(HttpResponse& response, std::string& problem);
  bool ReadBody(HttpResponse& response, std::string& problem);
  bool ReadChunks(HttpResponse& response, std::string& problem);
  bool ReadLine(std::string& line, std::string& problem);
  bool ReadBytes(std::size_t count, std::string& bytes, std::string& problem);
  bool Await(short events, std::string& problem);
  void Close();

  const std::string address_;
  const StopSignal& stop_;
  int fd_ = -1;
  Time end_;                    // of the exchange under way
  bool ends_at_stop_ = false;   // as its request says
  std::string unread_;          // what came and is not used yet
  bool has_answered_ = false;   // a byte of the response has come
  bool is_kept_alive_ = false;  // the server leaves the connection open
};

}  // namespace function_host
