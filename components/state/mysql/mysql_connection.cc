// SPDX-License-Identifier: Apache-2.0
#include "mysql_connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <utility>

#include "encoding/number.h"
#include "mysql_error.h"

namespace MECHA_COMPONENT {
namespace {

short EventsOf(int wanted) {
  return static_cast<short>(((wanted & MYSQL_WAIT_READ) != 0 ? POLLIN : 0) |
                            ((wanted & MYSQL_WAIT_WRITE) != 0 ? POLLOUT : 0) |
                            ((wanted & MYSQL_WAIT_EXCEPT) != 0 ? POLLPRI : 0));
}

// The library resolves names in a way that cannot be stopped: it gets figures.
std::string NumericHost(const SocketAddress& address) {
  char text[INET6_ADDRSTRLEN] = "";
  const void* bytes = &reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_addr;
  if (address.storage.ss_family == AF_INET6) {
    bytes = &reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_addr;
  }
  inet_ntop(address.storage.ss_family, bytes, text, sizeof text);
  return text;
}

}  // namespace

bool MysqlRows::Next() {
  row_ = rows_ == nullptr ? nullptr : mysql_fetch_row(rows_.get());
  lengths_ = row_ == nullptr ? nullptr : mysql_fetch_lengths(rows_.get());
  return row_ != nullptr;
}

std::optional<std::string_view> MysqlRows::Column(unsigned index) const {
  return row_[index] == nullptr ? std::nullopt
                                : std::optional(std::string_view(row_[index], lengths_[index]));
}

MysqlConnection::~MysqlConnection() {
  if (mysql_ != nullptr) {
    mysql_close(mysql_);
  }
}

Status MysqlConnection::Fail(Status status) {
  MarkBroken();
  return status;
}

// What the library last said of this connection.
Status MysqlConnection::Failure(std::string_view what) {
  const unsigned number = mysql_errno(mysql_);
  if (IsOfClient(number)) {
    MarkBroken();
  }
  return WithPrefix(FromMysql(number, mysql_error(mysql_)),
                    std::string(what) + " " + options_.address.Text());
}

// Waits as the library asks, and returns what it then wants to know.
StatusOr<int> MysqlConnection::Wait(const CallContext& call, int wanted) {
  CallContext step = call;
  const Deadline limit = Deadline::After(host_.clock().Now(), options_.read_timeout);
  const bool is_own_limit = limit.at() < call.deadline.at();
  if (is_own_limit) {
    step.deadline = limit;
  }
  const int socket = mysql_get_socket(mysql_);
  const short events = EventsOf(wanted);
  const Status status =
      is_connected_ ? host_.WaitOnSocket(step, socket, events) : host_.Wait(step, socket, events);
  if (status.ok()) {
    return wanted;
  }
  const std::string place = "wait for " + options_.address.Text();
  if (is_own_limit && status.code() == StatusCode::kDeadlineExceeded) {
    const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(options_.read_timeout);
    return Fail(Unavailable(place + ": no progress for " + std::to_string(time.count()) + " ms"));
  }
  return Fail(WithPrefix(status, place));
}

Status MysqlConnection::Connect(const CallContext& call, const SocketAddress& address) {
  mysql_ = mysql_init(nullptr);
  if (mysql_ == nullptr || mysql_options(mysql_, MYSQL_OPT_NONBLOCK, nullptr) != 0) {
    return Fail(ResourceExhausted("no memory for a connection"));
  }
  const my_bool is_off = 0;
  mysql_options(mysql_, MYSQL_OPT_RECONNECT, &is_off);
  mysql_options(mysql_, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  MYSQL* connected = nullptr;
  const std::string host = NumericHost(address);
  int wanted = mysql_real_connect_start(&connected, mysql_, host.c_str(), options_.user.c_str(),
                                        options_.password.c_str(), nullptr, options_.address.port,
                                        nullptr, 0);
  while (wanted != 0) {
    ASSIGN_OR_RETURN(const int ready, Wait(call, wanted));
    wanted = mysql_real_connect_cont(&connected, mysql_, ready);
  }
  is_connected_ = connected != nullptr;
  return connected == nullptr ? Fail(MarkApplied(Failure("connect to"), Applied::kNo)) : OkStatus();
}

Status MysqlConnection::LogIn(const CallContext& call) {
  RETURN_IF_ERROR(Query(call,
                        "SET SESSION sql_mode='STRICT_ALL_TABLES', time_zone='+00:00', "
                        "autocommit=1")
                      .status());
  ASSIGN_OR_RETURN(MysqlRows rows, Query(call, "SELECT @@max_allowed_packet"));
  if (!rows.Next()) {
    return Fail(Status(StatusCode::kDataLoss, "the server does not tell its max_allowed_packet"));
  }
  longest_statement_ = ParseNumber<uint64_t>(rows.Text(0)).value_or(0);
  return OkStatus();
}

std::string MysqlConnection::key_collation() const {
  return mariadb_connection(mysql_) != 0 ? "utf8mb4_nopad_bin" : "utf8mb4_0900_bin";
}

bool MysqlConnection::IsAlive() const {
  char byte;
  return recv(mysql_get_socket(mysql_), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
         (errno == EAGAIN || errno == EINTR);
}

StatusOr<MysqlRows> MysqlConnection::Query(const CallContext& call, std::string_view statement) {
  int error = 0;
  int wanted = mysql_real_query_start(&error, mysql_, statement.data(), statement.size());
  while (wanted != 0) {
    const auto ready = Wait(call, wanted);
    if (!ready.ok()) {
      return MarkApplied(ready.status(), Applied::kMaybe);
    }
    wanted = mysql_real_query_cont(&error, mysql_, *ready);
  }
  if (error != 0) {
    return Failure("query");
  }
  MYSQL_RES* rows = nullptr;
  wanted = mysql_store_result_start(&rows, mysql_);
  while (wanted != 0) {
    const auto ready = Wait(call, wanted);
    if (!ready.ok()) {
      return MarkApplied(ready.status(), Applied::kMaybe);
    }
    wanted = mysql_store_result_cont(&rows, mysql_, *ready);
  }
  MysqlRows result(rows);
  if (rows == nullptr && mysql_field_count(mysql_) != 0) {
    return Failure("query");
  }
  return result;
}

}  // namespace MECHA_COMPONENT
