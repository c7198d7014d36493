// SPDX-License-Identifier: Apache-2.0
// HttpConnection: one HTTP/1.1 connection of libcurl, used by one call at a time; all waiting is
// the host's. It has one socket in its life and never sends a request twice, which libcurl would do
// by itself. It knows nothing of what is asked. After a failure it may only be closed.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>
#include <string_view>

#include "connection/connection_lease.h"
#include "connection/connection_options.h"
#include "connection/server_connection.h"
#include "contract/host.h"
#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

struct HttpOptions : ConnectionOptions {
  bool is_encrypted = false;
  // In the PEM format, all three where is_encrypted: who may sign the server's certificate, and
  // what the server is shown.
  std::string ca;
  std::string certificate;
  std::string key;
};

class HttpConnection : public ServerConnection {
 public:
  // Both outlive the connection.
  HttpConnection(Host& host, const HttpOptions& options) : host_(host), options_(options) {}
  ~HttpConnection() override;

  // Connects, and gets `/version`: a server that answers it is there.
  Status Connect(const CallContext& call, const SocketAddress& address);
  bool is_reusable() const override { return !is_broken() && fd_ >= 0; }
  bool IsAlive() const override;

  // What the next Send posts. Both outlive it.
  void Prepare(std::string_view path, std::string_view body) {
    path_ = path;
    body_ = body;
  }
  Status TakeOver(HttpConnection& other) {
    Prepare(other.path_, other.body_);
    return OkStatus();
  }
  // Posts what was prepared and waits for the whole answer, whatever it says.
  Status Send(const CallContext& call);
  bool has_sent_nothing() const { return has_sent_nothing_; }

  // Of the last answer.
  long status() const { return status_; }
  std::string_view reply() const { return reply_; }
  std::string TakeReply() { return std::move(reply_); }

 protected:
  std::string Name() const { return options_.address.Text(); }

 private:
  template <auto Close>
  struct Closer {
    template <class T>
    void operator()(T* handle) const {
      Close(handle);
    }
  };

  static curl_socket_t OnOpen(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int OnClose(void* self, curl_socket_t socket);
  static int OnSocket(CURL* easy, curl_socket_t socket, int what, void* self, void* of_socket);
  static int OnTimer(CURLM* multi, long milliseconds, void* self);
  static size_t OnData(char* bytes, size_t size, size_t count, void* self);

  Status MakeHandles(const SocketAddress& address);
  void SetUp();
  Status SetUpEncryption();
  Status Exchange(const CallContext& call, std::string_view path);
  Status Drive(const CallContext& call);
  StatusOr<curl_socket_t> WaitOnce(const CallContext& call);
  Status FromCurl(CURLcode code, std::string_view what);

  Host& host_;
  const HttpOptions& options_;
  std::string_view path_;
  std::string_view body_;
  std::string reply_;
  long status_ = 0;
  bool has_sent_nothing_ = true;
  bool has_opened_ = false;  // its one socket
  bool has_connected_ = false;
  int fd_ = -1;
  short awaited_ = 0;  // events (poll.h) of fd_
  SteadyTime timer_at_ = SteadyTime::max();
  char error_text_[CURL_ERROR_SIZE] = "";
  // In this order: libcurl wants the transfer gone before what drives it.
  std::unique_ptr<curl_slist, Closer<curl_slist_free_all>> headers_;
  std::unique_ptr<curl_slist, Closer<curl_slist_free_all>> resolved_;
  std::unique_ptr<CURLM, Closer<curl_multi_cleanup>> multi_;
  std::unique_ptr<CURL, Closer<curl_easy_cleanup>> easy_;
};

}  // namespace MECHA_COMPONENT
