// SPDX-License-Identifier: Apache-2.0
#include "etcd_reader.h"

#include <algorithm>
#include <string>
#include <utility>

#include "encoding/base64.h"
#include "etcd_requests.h"
#include "etcd_value.h"
#include "result/status.h"

namespace MECHA_COMPONENT {
namespace {

// Reads change nothing, whatever became of them.
StatusOr<EtcdReply> PostToRead(EtcdServers& servers, const CallContext& call, std::string_view path,
                               std::string_view body) {
  auto reply = servers.Post(call, path, body);
  if (!reply.ok()) {
    return MarkApplied(reply.status(), Applied::kNo);
  }
  return reply;
}

// The value of an answer to a range of one key.
StatusOr<StateValue> ValueOf(Layout layout, JsonSlice range) {
  const JsonSlice entry = range.Member("kvs").First();
  if (entry.empty()) {
    return NotFound();
  }
  ASSIGN_OR_RETURN(StateValue value, DecodeValue(layout, entry.Member("value").Text()));
  value.etag = Etag(entry.Member("mod_revision").Text());
  return value;
}

}  // namespace

Status ReadNothing(EtcdServers& servers, const CallContext& call) {
  return PostToRead(servers, call, kRangePath, CountRequest(servers.options().path)).status();
}

StatusOr<StateValue> ReadOne(EtcdServers& servers, Layout layout, const CallContext& call,
                             std::string_view key) {
  const std::string body = RangeRequest(servers.options().path + std::string(key));
  ASSIGN_OR_RETURN(const EtcdReply reply, PostToRead(servers, call, kRangePath, body));
  return ValueOf(layout, reply.root());
}

StatusOr<std::vector<StatusOr<StateValue>>> ReadMany(EtcdServers& servers, Layout layout,
                                                     const CallContext& call,
                                                     std::span<const std::string_view> keys) {
  std::vector<StatusOr<StateValue>> outcomes;
  outcomes.reserve(keys.size());
  while (outcomes.size() < keys.size()) {
    const size_t count = std::min(servers.options().most_operations, keys.size() - outcomes.size());
    TransactionRequest request;
    for (const std::string_view key : keys.subspan(outcomes.size(), count)) {
      request.Get(servers.options().path + std::string(key));
    }
    const auto reply = PostToRead(servers, call, kTransactionPath, request.Finish());
    if (!reply.ok() && outcomes.empty()) {
      return reply.status();
    }
    if (!reply.ok()) {
      outcomes.resize(keys.size(), reply.status());
      break;
    }
    JsonSlice response = reply->root().Member("responses").First();
    for (size_t i = 0; i < count; ++i, response = response.Next()) {
      outcomes.push_back(ValueOf(layout, response.Member("response_range")));
    }
  }
  return outcomes;
}

StatusOr<ListPage> ListKeys(EtcdServers& servers, const CallContext& call,
                            const ListRequest& request) {
  const std::string& path = servers.options().path;
  const std::string prefix = path + std::string(request.prefix);
  if (!request.position.empty() && !request.position.starts_with(request.prefix)) {
    return InvalidArgument("the page token belongs to a list with another prefix");
  }
  // The key right behind the last one.
  const std::string first = request.position.empty()
                                ? prefix
                                : path + std::string(request.position) + std::string(1, '\0');
  const std::string body = ListRequestOf(first, EndOfPrefix(prefix), request.limit);
  ASSIGN_OR_RETURN(const EtcdReply reply, PostToRead(servers, call, kRangePath, body));
  ListPage page;
  for (JsonSlice entry = reply.root().Member("kvs").First(); !entry.empty(); entry = entry.Next()) {
    std::optional<std::string> key = DecodeBase64(entry.Member("key").Text());
    if (!key.has_value() || !key->starts_with(prefix)) {
      return Status(StatusCode::kDataLoss,
                    "the server's answer holds a key that was not asked for");
    }
    page.keys.push_back(key->substr(path.size()));
  }
  if (reply.root().Member("more").IsTrue() && !page.keys.empty()) {
    page.next = page.keys.back();
  }
  return page;
}

}  // namespace MECHA_COMPONENT
