// SPDX-License-Identifier: Apache-2.0
#include "openssl_library.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <array>

#include "openssl_tls_context.h"
#include "support/catch.h"

namespace MECHA_COMPONENT {
namespace {

// How often the generator that this thread's sessions draw from has begun anew.
unsigned SeedsOf(const OpensslLibrary& library) {
  std::array<unsigned char, 16> bytes{};
  REQUIRE(RAND_bytes_ex(library.context(), bytes.data(), bytes.size(), 0) == 1);
  unsigned count = 0;
  std::array<OSSL_PARAM, 2> wanted = {
      OSSL_PARAM_construct_uint(OSSL_DRBG_PARAM_RESEED_COUNTER, &count),
      OSSL_PARAM_construct_end()};
  REQUIRE(EVP_RAND_CTX_get_params(RAND_get0_public(library.context()), wanted.data()) == 1);
  return count;
}

TEST_CASE("each TLS session begins with random bytes that no copy of the process has") {
  const auto library = OpensslLibrary::Start();
  REQUIRE(library.ok());
  const unsigned before = SeedsOf(**library);
  CHECK(SeedsOf(**library) == before);
  REQUIRE((*library)->Reseed().ok());
  CHECK(SeedsOf(**library) == before + 1);
  const auto context = OpensslTlsContext::Make(**library, {});
  REQUIRE(context.ok());
  REQUIRE((*context)->NewSession("localhost").ok());
  CHECK(SeedsOf(**library) == before + 2);
  REQUIRE((*context)->NewSession("localhost").ok());
  CHECK(SeedsOf(**library) == before + 3);
}

}  // namespace
}  // namespace MECHA_COMPONENT
