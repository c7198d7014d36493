// SPDX-License-Identifier: Apache-2.0
#include "contract/module.h"
#include "contract_hash.h"  // generated from the headers: MECHA_RELEASE, MECHA_CONTRACT_HASH

#define MECHA_TEXT_INNER(x) #x
#define MECHA_TEXT(x) MECHA_TEXT_INNER(x)

#ifdef _GLIBCXX_DEBUG
#define MECHA_CONTAINERS " debug containers"
#else
#define MECHA_CONTAINERS ""
#endif
#ifdef __clang__
#define MECHA_COMPILER "clang++ " __clang_version__
#else
#define MECHA_COMPILER "g++ " __VERSION__
#endif

namespace mecha {

const char kBuildId[] = "mecha " MECHA_RELEASE ", headers " MECHA_CONTRACT_HASH ", " MECHA_COMPILER
                        ", ABI " MECHA_TEXT(__GXX_ABI_VERSION) "/" MECHA_TEXT(
                            _GLIBCXX_USE_CXX11_ABI) ", libstdc++ " MECHA_TEXT(_GLIBCXX_RELEASE)
                            MECHA_CONTAINERS ", Abseil " MECHA_TEXT(ABSL_LTS_RELEASE_VERSION);

}  // namespace mecha
