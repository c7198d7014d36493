// SPDX-License-Identifier: Apache-2.0
#include "postgres_connection.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "connection_text.h"
#include "postgres_error.h"
#include "result/status.h"

namespace MECHA_COMPONENT {
namespace {

constexpr std::array<int, Parameters::kMost> kBinary = {1, 1, 1, 1, 1};

constexpr Duration kLongestEncryptedWait = std::chrono::milliseconds(20);

void IgnoreNotice(void* /*user*/, const PGresult* /*notice*/) {}

}  // namespace

PostgresConnection::~PostgresConnection() {
  UseLibrary().IgnoreError();  // its farewell must not block
  PQfinish(session_);
}

Status PostgresConnection::UseLibrary() {
  const Status status = direct_.Yield();
  return status.ok() ? status : Fail(status);
}

Status PostgresConnection::Fail(Status status) {
  MarkBroken();
  return status;
}

// The session is of no use any more; libpq knows why.
Status PostgresConnection::FailSession(std::string_view what) {
  return Fail(FromConnection(std::string(what) + " " + name_, PQerrorMessage(session_)));
}

// OK, too, after a while: an encrypted session may hold bytes back that its socket does not show.
Status PostgresConnection::WaitEncrypted(const CallContext& call, short events) const {
  CallContext step = call;
  const Deadline slice = Deadline::After(host_.clock().Now(), kLongestEncryptedWait);
  const bool is_slice = slice.at() < call.deadline.at();
  if (is_slice) {
    step.deadline = slice;
  }
  const Status status = host_.Wait(step, PQsocket(session_), events);
  return is_slice && IsDeadlineExceeded(status) ? OkStatus() : status;
}

Status PostgresConnection::WaitFor(const CallContext& call, short events, std::string_view what) {
  const Status status = PQsslInUse(session_) != 0
                            ? WaitEncrypted(call, events)
                            : host_.WaitOnSocket(call, PQsocket(session_), events);
  if (status.ok()) [[likely]] {
    return status;
  }
  return Fail(WithPrefix(status, std::string(what) + " " + name_));
}

Status PostgresConnection::Connect(const CallContext& call, const Endpoint& endpoint) {
  name_ = endpoint.Text();
  std::string text = ConnectionText(options_.words, endpoint);
  session_ = PQconnectStart(text.c_str());
  explicit_bzero(text.data(), text.size());
  if (session_ == nullptr) {
    return Fail(ResourceExhausted("connect to " + name_ + ": the process has no memory left"));
  }
  PQsetErrorVerbosity(session_, PQERRORS_VERBOSE);
  PQsetNoticeReceiver(session_, IgnoreNotice, nullptr);
  if (PQstatus(session_) == CONNECTION_BAD) {
    return FailSession("connect to");
  }
  RETURN_IF_ERROR(Poll(call));
  if (PQsetnonblocking(session_, 1) != 0) {
    return FailSession("connect to");
  }
  may_go_direct_ = options_.prepares && PQsslInUse(session_) == 0 && PQgssEncInUse(session_) == 0;
  return OkStatus();
}

Status PostgresConnection::Poll(const CallContext& call) {
  short events = POLLOUT;
  for (;;) {
    RETURN_IF_ERROR(WaitFor(call, events, "connect to"));
    switch (PQconnectPoll(session_)) {
      case PGRES_POLLING_OK:
        return OkStatus();
      case PGRES_POLLING_READING:
        events = POLLIN;
        break;
      case PGRES_POLLING_WRITING:
        events = POLLOUT;
        break;
      default:
        return FailSession("connect to");
    }
  }
}

bool PostgresConnection::is_reusable() const {
  return !is_broken() && PQstatus(session_) == CONNECTION_OK &&
         PQtransactionStatus(session_) == PQTRANS_IDLE &&
         PQpipelineStatus(session_) == PQ_PIPELINE_OFF;
}

bool PostgresConnection::IsAlive() const {
  char byte;
  // Not alive, too, when the server has said something nobody asked for: mostly that it goes away.
  return recv(PQsocket(session_), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
         (errno == EAGAIN || errno == EINTR);
}

Status PostgresConnection::Flush(const CallContext& call) {
  for (;;) {
    const int left = PQflush(session_);
    if (left == 0) {
      return OkStatus();
    }
    if (left < 0) {
      return FailSession("send to");
    }
    RETURN_IF_ERROR(WaitFor(call, POLLIN | POLLOUT, "send to"));
    if (PQconsumeInput(session_) == 0) {
      return FailSession("send to");
    }
  }
}

Status PostgresConnection::AwaitResult(const CallContext& call) {
  // When the last bytes of an encrypted record have been read the socket shows nothing of them.
  for (int reads = PQsslInUse(session_) != 0 ? 2 : 0; PQisBusy(session_) != 0;) {
    if (reads > 0) {
      --reads;
    } else {
      RETURN_IF_ERROR(WaitFor(call, POLLIN, "wait for a reply of"));
    }
    if (PQconsumeInput(session_) == 0) {
      return FailSession("receive from");
    }
  }
  return OkStatus();
}

// One result, or null where those of a statement end.
StatusOr<QueryResult> PostgresConnection::ReceiveOnly(const CallContext& call) {
  RETURN_IF_ERROR(AwaitResult(call));
  QueryResult result(PQgetResult(session_));
  if (!result.is_null() && result.kind() == PGRES_FATAL_ERROR && result.sqlstate().empty()) {
    return FailSession("receive from");
  }
  return result;
}

StatusOr<QueryResult> PostgresConnection::Receive(const CallContext& call) {
  ASSIGN_OR_RETURN(QueryResult result, ReceiveOnly(call));
  if (result.is_null()) {
    return Fail(Internal("libpq gave no result for a statement"));
  }
  for (;;) {
    auto more = ReceiveOnly(call);
    if (!more.ok() && !result.is_error()) {
      return more.status();
    }
    if (!more.ok() || more->is_null()) {
      return result;  // an error stands, too, when the server has gone after it
    }
    if (more->is_error()) {
      result = std::move(*more);  // the statement ran, and its commit failed
    }
  }
}

StatusOr<QueryResult> PostgresConnection::ReceiveSync(const CallContext& call) {
  QueryResult error;
  for (;;) {
    ASSIGN_OR_RETURN(QueryResult result, ReceiveOnly(call));
    if (!result.is_null() && result.kind() == PGRES_PIPELINE_SYNC) {
      return error;
    }
    if (!result.is_null() && !result.is_error()) {
      return Fail(Internal("libpq gave something else where a pipeline ends"));
    }
    if (!result.is_null()) {
      error = std::move(result);
    }
  }
}

StatusOr<QueryResult> PostgresConnection::FlushAndReceive(const CallContext& call, int was_sent) {
  if (was_sent == 0) {
    return FailSession("send to");
  }
  RETURN_IF_ERROR(Flush(call));
  return Receive(call);
}

Status PostgresConnection::Prepare(const CallContext& call, Sql sql) {
  const auto index = static_cast<size_t>(sql);
  if (!options_.prepares || prepared_[index]) [[likely]] {
    return OkStatus();
  }
  RETURN_IF_ERROR(UseLibrary());
  const int was_sent =
      PQsendPrepare(session_, statements_.Name(sql), statements_.Text(sql), 0, nullptr);
  ASSIGN_OR_RETURN(const QueryResult result, FlushAndReceive(call, was_sent));
  if (result.is_error()) {
    return ErrorOf(result);
  }
  prepared_.set(index);
  return OkStatus();
}

Status PostgresConnection::Add(Sql sql, const Parameters& parameters) {
  RETURN_IF_ERROR(UseLibrary());
  const int count = parameters.count();
  const int was_sent =
      options_.prepares
          ? PQsendQueryPrepared(session_, statements_.Name(sql), count, parameters.values(),
                                parameters.sizes(), kBinary.data(), 1)
          : PQsendQueryParams(session_, statements_.Text(sql), count, nullptr, parameters.values(),
                              parameters.sizes(), kBinary.data(), 1);
  return was_sent == 0 ? FailSession("send to") : OkStatus();
}

StatusOr<QueryResult> PostgresConnection::Exchange(const CallContext& call, Sql sql,
                                                   const Parameters& parameters) {
  if (may_go_direct_ && DirectExchange::Fits(parameters)) [[likely]] {
    return ExchangeDirectly(call, sql, parameters);
  }
  RETURN_IF_ERROR(Add(sql, parameters));
  return FlushAndReceive(call, 1);
}

StatusOr<QueryResult> PostgresConnection::ExchangeDirectly(const CallContext& call, Sql sql,
                                                           const Parameters& parameters) {
  Status status = direct_.Take(fd(), name_);
  if (!status.ok()) {
    return Fail(std::move(status));
  }
  auto reply = direct_.Run(call, statements_.Name(sql), parameters);
  if (!reply.ok()) {
    return Fail(reply.status());
  }
  if (!reply->is_settled()) {
    MarkBroken();
  }
  return QueryResult(*std::move(reply));
}

StatusOr<QueryResult> PostgresConnection::Run(const CallContext& call, Sql sql,
                                              const Parameters& parameters) {
  RETURN_IF_ERROR(Prepare(call, sql));
  auto result = Exchange(call, sql, parameters);
  if (result.ok() && result->is_error()) {
    return ErrorOf(*result);
  }
  return result;
}

StatusOr<QueryResult> PostgresConnection::ExchangeText(const CallContext& call,
                                                       const std::string& text,
                                                       std::span<const std::string> parameters,
                                                       bool wants_binary) {
  std::vector<const char*> values;
  for (const std::string& parameter : parameters) {
    values.push_back(parameter.c_str());
  }
  RETURN_IF_ERROR(UseLibrary());
  return FlushAndReceive(
      call, PQsendQueryParams(session_, text.c_str(), static_cast<int>(values.size()), nullptr,
                              values.data(), nullptr, nullptr, wants_binary ? 1 : 0));
}

Status PostgresConnection::BeginPipeline() {
  RETURN_IF_ERROR(UseLibrary());
  return PQenterPipelineMode(session_) == 0 ? FailSession("send to") : OkStatus();
}

Status PostgresConnection::Sync() {
  return PQpipelineSync(session_) == 0 ? FailSession("send to") : OkStatus();
}

Status PostgresConnection::EndPipeline() {
  return PQexitPipelineMode(session_) == 0 ? FailSession("receive from") : OkStatus();
}

StatusOr<bool> PostgresConnection::FlushNow() {
  const int left = PQflush(session_);
  if (left < 0) {
    return FailSession("send to");
  }
  return left == 0;
}

Status PostgresConnection::ReadNow() {
  // After a record of an encrypted session has left the socket, two reads take the rest of it.
  for (int reads = PQsslInUse(session_) != 0 ? 3 : 1; reads > 0; --reads) {
    if (PQconsumeInput(session_) == 0) {
      return FailSession("receive from");
    }
    char byte;
    if (reads == 2 && recv(fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0) {
      reads = 4;
    }
  }
  return OkStatus();
}

StatusOr<QueryResult> PostgresConnection::NextResult() {
  // One null ends the results of a statement.
  for (int nulls = 0; nulls < 2 && PQisBusy(session_) == 0;) {
    QueryResult result(PQgetResult(session_));
    if (result.is_null()) {
      ++nulls;
      continue;
    }
    if (result.kind() == PGRES_FATAL_ERROR && result.sqlstate().empty()) {
      return FailSession("receive from");
    }
    return result;
  }
  return QueryResult();
}

Status PostgresConnection::CheckRows(const QueryResult& result, bool is_of_many) {
  if (result.columns() == kKeyColumn + (is_of_many ? 1 : 0)) [[likely]] {
    return OkStatus();
  }
  return Fail(Status(StatusCode::kDataLoss, "PostgreSQL answered a read with something else"));
}

ServerError PostgresConnection::Understand(const QueryResult& result) {
  ServerError error = FromServer(result.sqlstate(), result.message());
  if (error.must_reconnect) {
    MarkBroken();
  }
  return error;
}

Status PostgresConnection::ErrorOf(const QueryResult& result) { return Understand(result).status; }

Status PostgresConnection::WriteErrorOf(const QueryResult& result) {
  ServerError error = Understand(result);
  return error.may_have_committed ? MarkApplied(std::move(error.status), Applied::kMaybe)
                                  : std::move(error.status);
}

}  // namespace MECHA_COMPONENT
