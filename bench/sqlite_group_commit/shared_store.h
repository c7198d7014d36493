// SPDX-License-Identifier: Apache-2.0
// SharedStore: one runtime with one state.sqlite store, through Mecha's C interface. Every thread
// writes through the same object.
#pragma once

#include <string>
#include <string_view>

#include "mecha/mecha.h"

namespace bench {

class SharedStore {
 public:
  // Creates the file and its tables where there are none.
  SharedStore(const std::string& file, const std::string& synchronous);
  SharedStore(const SharedStore&) = delete;
  SharedStore& operator=(const SharedStore&) = delete;
  ~SharedStore() { mecha_runtime_free(runtime_); }

  void Set(std::string_view key, std::string_view value) const;

 private:
  mecha_runtime* runtime_ = nullptr;
};

}  // namespace bench
