// SPDX-License-Identifier: Apache-2.0
#include "operation/input.h"

#include <cstring>
#include <utility>

namespace mecha {

std::string_view InputStore::Keep(std::string_view bytes, bool must_copy) {
  if (!must_copy || bytes.empty()) {
    return bytes;
  }
  // Not value-initialised: the bytes are written once, by the copy.
  copies_.push_back(std::unique_ptr<char[]>(new char[bytes.size()]));
  std::memcpy(copies_.back().get(), bytes.data(), bytes.size());
  return {copies_.back().get(), bytes.size()};
}

std::string_view InputStore::Keep(const Input& input, bool must_copy) {
  if (input.release == nullptr) {
    return Keep(input.bytes, must_copy);
  }
  releases_.push_back({input.release, input.context});
  return input.bytes;
}

void InputStore::RunReleases() {
  for (const Release& release : std::exchange(releases_, {})) {
    release.run(release.context);
  }
}

}  // namespace mecha
