// SPDX-License-Identifier: Apache-2.0
// MemcachedConnection: one socket to a server, used by one call at a time. It sends meta commands
// and reads their replies in order, waiting in the host only. It never sends anything twice, and
// after any failure, or with a reply outstanding, it may only be closed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "connection/connection_lease.h"
#include "connection/socket_connection.h"
#include "memcached_etag.h"
#include "meta_reply_reader.h"
#include "meta_requests.h"
#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

class MemcachedConnection final : public SocketConnection {
 public:
  using SocketConnection::SocketConnection;

  // Asks the server when it started and how large an item may be.
  Status LogIn(const CallContext& call) override;
  const ServerStart& start() const { return start_; }
  uint64_t largest_item() const { return largest_item_; }

  // The requests to send next. Cleared by whoever fills them.
  MetaRequests& requests() { return requests_; }
  // Takes the requests of a connection found dead before it sent any of them. UNAVAILABLE when the
  // server has started anew and one of them names a CAS number of before.
  Status TakeOver(MemcachedConnection& dead);
  // Sends requests() whole. After a failure HasSent tells which of them may run.
  Status Send(const CallContext& call);
  // The reply to the next request, valid until the next Receive. Error replies are OK here.
  StatusOr<MetaReply*> Receive(const CallContext& call);
  // What a reply means that the request does not promise; ends the connection where the table says
  // so.
  Status ErrorOf(const MetaReply& reply);

  // Whether request `index` has left this process; the server runs none that has not come whole.
  bool HasSent(size_t index) const { return sent_bytes() >= requests_.EndOf(index); }
  bool is_reusable() const override {
    return !is_broken() && outstanding_ == 0 && !reader_.has_more();
  }

 private:
  // What the lines of "stats" and "stats settings" told.
  struct Facts {
    uint64_t process = 0;
    uint64_t time = 0;
    uint64_t uptime = 0;
    uint64_t item_size_max = 0;
  };

  StatusOr<Facts> ReadFacts(const CallContext& call);
  static void TakeFact(std::string_view line, Facts* facts);

  size_t outstanding_ = 0;  // replies to come
  MetaRequests requests_;
  MetaReplyReader reader_;
  ServerStart start_;
  uint64_t largest_item_ = 0;
};

using MemcachedLease = ConnectionLease<MemcachedConnection>;

}  // namespace MECHA_COMPONENT
