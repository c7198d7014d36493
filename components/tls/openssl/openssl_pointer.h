// SPDX-License-Identifier: Apache-2.0
// OpensslPointer: a unique_ptr to an object of OpenSSL's, with its own function to free it.
#pragma once

#include <memory>

namespace MECHA_COMPONENT {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

template <class T, auto Free>
using OpensslPointer = std::unique_ptr<T, Freed<Free>>;

}  // namespace MECHA_COMPONENT
