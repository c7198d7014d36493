// SPDX-License-Identifier: Apache-2.0
#include "call/fork_guard.h"

#include <sys/wait.h>
#include <unistd.h>

#include "support/catch.h"

namespace mecha {
namespace {

TEST_CASE("a fork guard knows the child from the parent") {
  const ForkGuard guard;
  CHECK_FALSE(guard.IsInChild());
  const pid_t child = fork();
  if (child == 0) {
    const ForkGuard own;  // one made in the child belongs to the child
    _exit(guard.IsInChild() && !own.IsInChild() ? 0 : 1);
  }
  REQUIRE(child > 0);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK_FALSE(guard.IsInChild());
}

}  // namespace
}  // namespace mecha
