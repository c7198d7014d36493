// SPDX-License-Identifier: Apache-2.0
#include "http_connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "connection/system_error.h"
#include "encoding/quoted.h"

namespace MECHA_COMPONENT {
namespace {

// Far beyond the largest value; a server that sends more is not what it should be.
constexpr size_t kLongestReply = size_t{1} << 30;
// libcurl gives up a connection that rested for longer; when to do that is the pool's business.
constexpr long kNever = 1L << 30;

std::string Figures(const SocketAddress& address) {
  char text[INET6_ADDRSTRLEN] = "";
  const void* bytes = &reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_addr;
  if (address.storage.ss_family == AF_INET6) {
    bytes = &reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_addr;
  }
  inet_ntop(address.storage.ss_family, bytes, text, sizeof text);
  return address.storage.ss_family == AF_INET6 ? "[" + std::string(text) + "]" : text;
}

// No copy of a key that nobody wipes.
curl_blob BlobOf(const std::string& bytes) {
  return {const_cast<char*>(bytes.data()), bytes.size(), CURL_BLOB_NOCOPY};
}

}  // namespace

HttpConnection::~HttpConnection() {
  // Before the members that the callbacks use.
  easy_.reset();
  multi_.reset();
}

curl_socket_t HttpConnection::OnOpen(void* self, curlsocktype, curl_sockaddr* address) {
  auto& connection = *static_cast<HttpConnection*>(self);
  // A second one would be libcurl trying again.
  if (connection.has_opened_) {
    return CURL_SOCKET_BAD;
  }
  connection.has_opened_ = true;
  connection.fd_ =
      socket(address->family, address->socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, address->protocol);
  return connection.fd_;
}

int HttpConnection::OnClose(void* self, curl_socket_t socket) {
  auto& connection = *static_cast<HttpConnection*>(self);
  connection.fd_ = -1;
  connection.awaited_ = 0;
  return close(socket);
}

int HttpConnection::OnSocket(CURL*, curl_socket_t, int what, void* self, void*) {
  short events = 0;
  if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) {
    events = POLLIN;
  }
  if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) {
    events = static_cast<short>(events | POLLOUT);
  }
  static_cast<HttpConnection*>(self)->awaited_ = events;
  return 0;
}

int HttpConnection::OnTimer(CURLM*, long milliseconds, void* self) {
  auto& connection = *static_cast<HttpConnection*>(self);
  connection.timer_at_ =
      milliseconds < 0 ? SteadyTime::max()
                       : connection.host_.clock().Now() + std::chrono::milliseconds(milliseconds);
  return 0;
}

size_t HttpConnection::OnData(char* bytes, size_t size, size_t count, void* self) {
  std::string& reply = static_cast<HttpConnection*>(self)->reply_;
  if (reply.size() + size * count > kLongestReply) {
    return 0;
  }
  reply.append(bytes, size * count);
  return size * count;
}

Status HttpConnection::MakeHandles(const SocketAddress& address) {
  multi_.reset(curl_multi_init());
  easy_.reset(curl_easy_init());
  // libcurl would wait for leave before it sends a long body.
  headers_.reset(curl_slist_append(nullptr, "Expect:"));
  const bool has_headers =
      headers_ != nullptr && curl_slist_append(headers_.get(), "Content-Type: application/json");
  // The library's own look-up runs on a thread of its own and cannot be stopped. Of an IPv6 address
  // it makes none.
  const std::string& host = options_.address.host;
  const bool is_known = host.find(':') != host.npos;
  const std::string known =
      host + ":" + std::to_string(options_.address.port) + ":" + Figures(address);
  resolved_.reset(is_known ? nullptr : curl_slist_append(nullptr, known.c_str()));
  return multi_ != nullptr && easy_ != nullptr && has_headers && (is_known || resolved_ != nullptr)
             ? OkStatus()
             : ResourceExhausted("no memory for a connection");
}

void HttpConnection::SetUp() {
  CURLM* multi = multi_.get();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &HttpConnection::OnSocket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &HttpConnection::OnTimer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_RESOLVE, resolved_.get());
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");  // not the environment's
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
  curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, kNever);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_text_);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &HttpConnection::OnOpen);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &HttpConnection::OnClose);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &HttpConnection::OnData);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
}

// Before anything is sent: no option may be missing.
Status HttpConnection::SetUpEncryption() {
  CURL* easy = easy_.get();
  curl_blob ca = BlobOf(options_.ca);
  curl_blob certificate = BlobOf(options_.certificate);
  curl_blob key = BlobOf(options_.key);
  const CURLcode results[] = {
      curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2)),
      curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L),
      curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L),
      curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &ca),
      curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr),
      curl_easy_setopt(easy, CURLOPT_SSLCERTTYPE, "PEM"),
      curl_easy_setopt(easy, CURLOPT_SSLCERT_BLOB, &certificate),
      curl_easy_setopt(easy, CURLOPT_SSLKEYTYPE, "PEM"),
      curl_easy_setopt(easy, CURLOPT_SSLKEY_BLOB, &key),
  };
  if (std::ranges::all_of(results, [](CURLcode result) { return result == CURLE_OK; })) {
    return OkStatus();
  }
  MarkBroken();
  return FailedPrecondition(
      "this libcurl takes no certificates as text; install one that is built with OpenSSL");
}

Status HttpConnection::Connect(const CallContext& call, const SocketAddress& address) {
  RETURN_IF_ERROR(MakeHandles(address));
  SetUp();
  if (options_.is_encrypted) {
    RETURN_IF_ERROR(SetUpEncryption());
  }
  curl_easy_setopt(easy_.get(), CURLOPT_HTTPGET, 1L);
  const Status status = MarkApplied(Exchange(call, "/version"), Applied::kNo);
  has_connected_ = status.ok();
  return status;
}

bool HttpConnection::IsAlive() const {
  char byte;
  const ssize_t count = recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  // TLS says things nobody asked for, such as a ticket.
  return count < 0 ? errno == EAGAIN || errno == EINTR : count > 0 && options_.is_encrypted;
}

Status HttpConnection::Send(const CallContext& call) {
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_POST, 1L);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body_.data());
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_.size()));
  return Exchange(call, path_);
}

Status HttpConnection::Exchange(const CallContext& call, std::string_view path) {
  const std::string url =
      (options_.is_encrypted ? "https://" : "http://") + Name() + std::string(path);
  curl_easy_setopt(easy_.get(), CURLOPT_URL, url.c_str());
  reply_.clear();
  error_text_[0] = '\0';
  status_ = 0;
  has_sent_nothing_ = true;
  if (curl_multi_add_handle(multi_.get(), easy_.get()) != CURLM_OK) {
    MarkBroken();
    return ResourceExhausted("libcurl takes no request for " + Name());
  }
  const Status status = Drive(call);
  long sent_bytes = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_REQUEST_SIZE, &sent_bytes);
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status_);
  has_sent_nothing_ = sent_bytes == 0;
  // Closes the socket of one that has not ended.
  curl_multi_remove_handle(multi_.get(), easy_.get());
  if (!status.ok()) {
    MarkBroken();
  }
  return status;
}

// Until the transfer has ended, one way or another.
Status HttpConnection::Drive(const CallContext& call) {
  int running = 1;
  curl_socket_t ready = CURL_SOCKET_TIMEOUT;
  for (;;) {
    if (ready == CURL_SOCKET_TIMEOUT) {
      timer_at_ = SteadyTime::max();
    }
    // 0: libcurl looks for itself what the socket has.
    if (curl_multi_socket_action(multi_.get(), ready, 0, &running) != CURLM_OK) {
      return Unavailable("libcurl gave up the request to " + Name() + "; try again");
    }
    int left = 0;
    const CURLMsg* message = curl_multi_info_read(multi_.get(), &left);
    if (message != nullptr && message->msg == CURLMSG_DONE) {
      return FromCurl(message->data.result, "talk to");
    }
    if (running == 0) {
      return Internal("libcurl ended the request to " + Name() + " without a result; try again");
    }
    ASSIGN_OR_RETURN(ready, WaitOnce(call));
  }
}

// What happened first: the socket has what is awaited, or libcurl's timer is due.
StatusOr<curl_socket_t> HttpConnection::WaitOnce(const CallContext& call) {
  const SteadyTime now = host_.clock().Now();
  const SteadyTime silence = Deadline::After(now, options_.read_timeout).at();
  const SteadyTime limit = std::min(timer_at_, silence);
  const bool is_own_limit = limit < call.deadline.at();
  CallContext step = call;
  if (is_own_limit) {
    step.deadline = Deadline::At(limit);
  }
  const bool has_socket = fd_ >= 0 && awaited_ != 0;
  const Status status = !has_socket      ? host_.Sleep(step, step.deadline.at() - now)
                        : has_connected_ ? host_.WaitOnSocket(step, fd_, awaited_)
                                         : host_.Wait(step, fd_, awaited_);
  if (status.ok() && has_socket) {
    return fd_;
  }
  if (status.ok() || (is_own_limit && status.code() == StatusCode::kDeadlineExceeded)) {
    if (timer_at_ <= silence) {
      return CURL_SOCKET_TIMEOUT;
    }
    return NoProgress("wait for " + Name(), options_.read_timeout);
  }
  return WithPrefix(status, "wait for " + Name());
}

Status HttpConnection::FromCurl(CURLcode code, std::string_view what) {
  if (code == CURLE_OK) {
    return OkStatus();
  }
  const std::string place = std::string(what) + " " + Name();
  long system = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &system);
  if (system != 0 && code == CURLE_COULDNT_CONNECT) {
    return FromSystem("connect to " + Name(), static_cast<int>(system));
  }
  const std::string words =
      place + ": " + Quoted(error_text_[0] != '\0' ? error_text_ : curl_easy_strerror(code));
  switch (code) {
    case CURLE_OUT_OF_MEMORY:
      return ResourceExhausted(words);
    case CURLE_WRITE_ERROR:
      return Status(StatusCode::kDataLoss, place + ": the answer is longer than any can be");
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
      return FailedPrecondition(words + "; check cert, key and ca");
    case CURLE_PEER_FAILED_VERIFICATION:
      return Status(StatusCode::kUnauthenticated,
                    words + "; the certificate must be signed by ca and name the host");
    default:
      return Unavailable(words);
  }
}

}  // namespace MECHA_COMPONENT
