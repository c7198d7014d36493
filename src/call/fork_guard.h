// SPDX-License-Identifier: Apache-2.0
// ForkGuard: knows, for the price of one load, whether this process is a fork of the one that made
// it. A child made by vfork shares the parent's memory and is not noticed.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace mecha {

class ForkGuard {
 public:
  ForkGuard();
  ~ForkGuard();
  ForkGuard(const ForkGuard&) = delete;
  ForkGuard& operator=(const ForkGuard&) = delete;

  bool IsInChild() const { return page_ != nullptr ? *page_ == 0 : IsOtherProcess(); }
  // In a child: from now on this process is the one, and its children are others.
  void Adopt();

 private:
  bool IsOtherProcess() const;

  // One page that the kernel wipes in a child; null where it refuses, then the pid is compared.
  volatile uint32_t* page_ = nullptr;
  pid_t owner_;
};

}  // namespace mecha
