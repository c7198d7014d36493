// SPDX-License-Identifier: Apache-2.0
// Component: the life every back-end shares, whatever block it belongs to. Init, Ping, Suspend,
// Resume and Close may block their thread through Host and are never called two at a time.
#pragma once

#include "contract/call_context.h"
#include "contract/host.h"
#include "contract/settings.h"
#include "result/status.h"

namespace mecha {

class Component {
 public:
  virtual ~Component() = default;

  // Reads its settings, connects, creates its tables. Within call.deadline (initTimeout). After an
  // error it may be called again. `settings` and `host` outlive the component.
  virtual Status Init(const CallContext& call, const Settings& settings, Host& host) = 0;
  // Shows that the back-end answers: one real round trip.
  virtual Status Ping(const CallContext& call) = 0;
  // Closes sockets and files (unless `keep_connections`), keeps in-memory data; no operation runs
  // and none comes before Resume.
  virtual void Suspend(bool keep_connections) = 0;
  virtual Status Resume(const CallContext& call) = 0;
  // Closes everything; no operation runs and none comes after. Once, and also after a failed Init.
  virtual void Close() = 0;
};

}  // namespace mecha
