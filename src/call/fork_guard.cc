// SPDX-License-Identifier: Apache-2.0
#include "call/fork_guard.h"

#include <sys/mman.h>
#include <unistd.h>

namespace mecha {
namespace {

size_t PageBytes() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

}  // namespace

ForkGuard::ForkGuard() : owner_(getpid()) {
  void* page =
      mmap(nullptr, PageBytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) {
    return;
  }
  if (madvise(page, PageBytes(), MADV_WIPEONFORK) != 0) {
    munmap(page, PageBytes());
    return;
  }
  page_ = static_cast<volatile uint32_t*>(page);
  *page_ = 1;
}

ForkGuard::~ForkGuard() {
  if (page_ != nullptr) {
    munmap(const_cast<uint32_t*>(page_), PageBytes());
  }
}

void ForkGuard::Adopt() {
  owner_ = getpid();
  if (page_ != nullptr) {
    *page_ = 1;
  }
}

bool ForkGuard::IsOtherProcess() const { return getpid() != owner_; }

}  // namespace mecha
