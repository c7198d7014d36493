// SPDX-License-Identifier: Apache-2.0
// WakeFile: how processes that share a queue file tell each other that there is something to take.
// It is an empty file beside the database; whoever has news opens and closes it, and the kernel
// (inotify) tells those who listen. Nothing is written, and a lost word is not a lost message: who
// listens also looks by himself now and then.
//
// Ring is safe from any thread. Listen and Close are called by one thread at a time.
#pragma once

#include <sys/types.h>

#include <string>

#include "absl/functional/any_invocable.h"
#include "contract/host.h"
#include "result/status.h"

namespace MECHA_COMPONENT {

class WakeFile {
 public:
  // `database` exists. `host` outlives this.
  WakeFile(const std::string& database, Host& host);
  WakeFile(const WakeFile&) = delete;
  WakeFile& operator=(const WakeFile&) = delete;
  ~WakeFile() { Close(); }

  // Tells everybody who listens, this process as well.
  void Ring() const;
  // Calls `on_ring` on an I/O thread from now on. An error: why no process can be heard.
  Status Listen(absl::AnyInvocable<void()> on_ring);
  // Returns when `on_ring` does not run and will not.
  void Close();

 private:
  Status Touch() const;
  Status AddWatch();
  void OnReady();

  const std::string file_;
  mode_t mode_ = 0;
  Host& host_;
  int inotify_ = -1;
  uint64_t watch_ = 0;
  absl::AnyInvocable<void()> on_ring_;
};

}  // namespace MECHA_COMPONENT
