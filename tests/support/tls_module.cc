// SPDX-License-Identifier: Apache-2.0
#include "support/tls_module.h"

#include "modules/module_loader.h"

namespace mecha::test {

StatusOr<std::unique_ptr<Cryptography>> LoadTlsModule() {
  return ModuleLoader(MECHA_TEST_MODULES).LoadCryptography();
}

}  // namespace mecha::test
