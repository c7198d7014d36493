// SPDX-License-Identifier: Apache-2.0
#include "mysql_library.h"

#include <mysql.h>
#include <signal.h>

namespace MECHA_COMPONENT {
namespace {

bool IsIgnored(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

Status MakeLibraryReady() {
  struct sigaction before {};
  struct sigaction after {};
  sigaction(SIGPIPE, nullptr, &before);
  if (mysql_server_init(0, nullptr, nullptr) != 0) {
    return ResourceExhausted("libmariadb could not be made ready: it found no memory");
  }
  sigaction(SIGPIPE, nullptr, &after);
  // Two threads may be here at once: the later one finds it ignored already, and leaves it.
  if (!IsIgnored(before) && IsIgnored(after)) {
    sigaction(SIGPIPE, &before, nullptr);
  }
  return OkStatus();
}

}  // namespace MECHA_COMPONENT
