// SPDX-License-Identifier: Apache-2.0
#include "connection/system_error.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <string>

#include "result/status.h"

namespace mecha::components {
namespace {

struct SystemRow {
  int error;
  StatusCode code;
  std::string_view words;
};

constexpr SystemRow kSystemRows[] = {
    {ECONNREFUSED, StatusCode::kUnavailable, "connection refused"},
    {ECONNRESET, StatusCode::kUnavailable, "connection reset by the server"},
    {EPIPE, StatusCode::kUnavailable, "connection closed by the server"},
    {ETIMEDOUT, StatusCode::kUnavailable, "connection timed out"},
    {EHOSTUNREACH, StatusCode::kUnavailable, "host unreachable"},
    {ENETUNREACH, StatusCode::kUnavailable, "network unreachable"},
    {EADDRNOTAVAIL, StatusCode::kUnavailable, "no local address or port is free"},
    {EMFILE, StatusCode::kResourceExhausted, "the process has no file descriptor left"},
    {ENFILE, StatusCode::kResourceExhausted, "the system has no file descriptor left"},
    {ENOBUFS, StatusCode::kResourceExhausted, "the system has no network memory left"},
    {ENOMEM, StatusCode::kResourceExhausted, "the system has no memory left"},
    {EACCES, StatusCode::kPermissionDenied, "the system does not allow it"},
    {EPERM, StatusCode::kPermissionDenied, "the system does not allow it"},
};

}  // namespace

Status NoProgress(std::string_view place, Duration limit) {
  const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(limit);
  return Unavailable(std::string(place) + ": no progress for " + std::to_string(time.count()) +
                     " ms");
}

bool HasEverReceived(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
         size < offsetof(tcp_info, tcpi_segs_out) || info.tcpi_bytes_received != 0;
}

Status FromSystem(std::string_view what, int error) {
  std::string message(what);
  message += ": ";
  for (const SystemRow& row : kSystemRows) {
    if (row.error == error) {
      return Status(row.code, message.append(row.words));
    }
  }
  return Unavailable(message + "system error " + std::to_string(error));
}

}  // namespace mecha::components
