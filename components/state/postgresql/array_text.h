// SPDX-License-Identifier: Apache-2.0
// ArrayText: the value of an array parameter, as it goes over the wire. It sends nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "postgres_connection.h"

namespace MECHA_COMPONENT {

class ArrayText {
 public:
  // Of the elements, as the server numbers them.
  enum Type : uint32_t { kBoolean = 16, kBytes = 17, kBigInt = 20, kText = 25 };

  ArrayText(Type type, size_t count);
  void Add(std::string_view element);
  // The parameter at `index`, which may be NULL.
  void Add(const Parameters& parameters, int index);
  std::string_view text() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace MECHA_COMPONENT
