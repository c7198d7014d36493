// SPDX-License-Identifier: Apache-2.0
#include "etcd_servers.h"

#include <utility>

#include "encoding/quoted.h"
#include "etcd_connection.h"
#include "etcd_error.h"

namespace MECHA_COMPONENT {
namespace {

constexpr long kOk = 200;

StatusOr<EtcdReply> ReplyOf(EtcdConnection& connection) {
  const JsonSlice root(connection.reply());
  if (connection.status() == kOk && root.is_object()) {
    return EtcdReply(connection.TakeReply());
  }
  // Also the form that newer gateways give errors of streams.
  const JsonSlice error = root.Member("error");
  const JsonSlice object = error.is_object() ? error : root;
  const std::string_view words = object.Member("message").Text();
  const int64_t code = object.Member("code").Integer().value_or(0);
  if (code != 0) {
    return FromEtcd(code, words.empty() ? error.Text() : words);
  }
  return MarkApplied(
      Status(StatusCode::kDataLoss, "the server answers with HTTP status " +
                                        std::to_string(connection.status()) + " and " +
                                        Quoted(connection.reply().substr(0, 100)) +
                                        ", which is not etcd's; is there a proxy in between?"),
      Applied::kMaybe);
}

}  // namespace

int64_t EtcdReply::revision() const {
  return root().Member("header").Member("revision").Integer().value_or(0);
}

EtcdServers::EtcdServers(Host& host, const EtcdOptions& options) : host_(host), options_(options) {
  for (const HttpOptions& endpoint : options.endpoints) {
    const auto open = [&host, &endpoint](const CallContext& call, const SocketAddress& address)
        -> StatusOr<std::unique_ptr<ServerConnection>> {
      auto connection = std::make_unique<EtcdConnection>(host, endpoint);
      RETURN_IF_ERROR(connection->Connect(call, address));
      RETURN_IF_ERROR(connection->CheckVersion());
      return connection;
    };
    pools_.push_back(
        std::make_unique<ConnectionPool>(host, endpoint, OpenOneOf(endpoint.address, open)));
  }
}

std::unique_ptr<StatusOr<EtcdReply>> EtcdServers::TryOne(const CallContext& call, size_t index,
                                                         std::string_view path,
                                                         std::string_view body, Status* cause) {
  auto lease = EtcdLease::Take(*pools_[index], call);
  if (!lease.ok()) {
    *cause = lease.status();
    return nullptr;
  }
  lease->connection().Prepare(path, body);
  const Status sent = lease->Send(call);
  if (sent.ok()) {
    last_good_.store(index, std::memory_order_relaxed);
    return std::make_unique<StatusOr<EtcdReply>>(ReplyOf(lease->connection()));
  }
  if (!lease->has_connection() || lease->connection().has_sent_nothing()) {
    *cause = sent;
    return nullptr;
  }
  return std::make_unique<StatusOr<EtcdReply>>(MarkApplied(sent, Applied::kMaybe));
}

StatusOr<EtcdReply> EtcdServers::Post(const CallContext& call, std::string_view path,
                                      std::string_view body) {
  const size_t first = last_good_.load(std::memory_order_relaxed);
  Status cause;
  for (size_t i = 0; i < pools_.size(); ++i) {
    const size_t index = (first + i) % pools_.size();
    const auto reply = TryOne(call, index, path, body, &cause);
    if (reply != nullptr) {
      return std::move(*reply);
    }
    if (cause.code() != StatusCode::kUnavailable) {
      break;
    }
  }
  if (pools_.size() > 1 && cause.code() == StatusCode::kUnavailable) {
    cause = WithPrefix(cause, "none of " + std::to_string(pools_.size()) +
                                  " endpoints can be reached, the last one: ");
  }
  return MarkApplied(cause, Applied::kNo);
}

void EtcdServers::CloseIdle() {
  for (const auto& pool : pools_) {
    pool->CloseIdle();
  }
}

void EtcdServers::ForgetFailures() {
  for (const auto& pool : pools_) {
    pool->ForgetFailures();
  }
}

}  // namespace MECHA_COMPONENT
