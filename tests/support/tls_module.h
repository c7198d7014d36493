// SPDX-License-Identifier: Apache-2.0
// The real tls.so of this build, for component tests: TestHost::cryptography. Not for tests that
// open a runtime: that finds it itself.
#pragma once

#include <memory>

#include "contract/cryptography.h"
#include "result/status_or.h"

namespace mecha::test {

StatusOr<std::unique_ptr<Cryptography>> LoadTlsModule();

}  // namespace mecha::test
