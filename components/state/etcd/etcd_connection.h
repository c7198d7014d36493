// SPDX-License-Identifier: Apache-2.0
// EtcdConnection: an HTTP connection to what says that it is an etcd of a version that has the JSON
// gateway used here. As HttpConnection otherwise.
#pragma once

#include "http_connection.h"

namespace MECHA_COMPONENT {

class EtcdConnection final : public HttpConnection {
 public:
  using HttpConnection::HttpConnection;

  // Looks at what the server said of its version.
  Status CheckVersion();
};

using EtcdLease = ConnectionLease<EtcdConnection>;

}  // namespace MECHA_COMPONENT
