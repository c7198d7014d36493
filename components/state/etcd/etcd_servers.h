// SPDX-License-Identifier: Apache-2.0
// EtcdServers: the members of the cluster, each with its pool of connections. A request goes to the
// member that answered last; to the next one only while nothing of it was sent. Safe from any
// thread.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connection/connection_pool.h"
#include "contract/host.h"
#include "etcd_options.h"
#include "json_slice.h"
#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

// What a member answered: a JSON object.
class EtcdReply {
 public:
  explicit EtcdReply(std::string text) : text_(std::make_unique<std::string>(std::move(text))) {}

  JsonSlice root() const { return JsonSlice(*text_); }
  // The cluster's revision as of this answer.
  int64_t revision() const;

 private:
  std::unique_ptr<std::string> text_;  // views of it survive a move
};

class EtcdServers {
 public:
  // Both outlive this.
  EtcdServers(Host& host, const EtcdOptions& options);

  // One request and its answer. Failures are marked.
  StatusOr<EtcdReply> Post(const CallContext& call, std::string_view path, std::string_view body);
  void CloseIdle();
  void ForgetFailures();

  Host& host() const { return host_; }
  const EtcdOptions& options() const { return options_; }

 private:
  // Null: nothing was sent, and *cause says why.
  std::unique_ptr<StatusOr<EtcdReply>> TryOne(const CallContext& call, size_t index,
                                              std::string_view path, std::string_view body,
                                              Status* cause);

  Host& host_;
  const EtcdOptions& options_;
  std::vector<std::unique_ptr<ConnectionPool>> pools_;
  std::atomic<size_t> last_good_{0};
};

}  // namespace MECHA_COMPONENT
