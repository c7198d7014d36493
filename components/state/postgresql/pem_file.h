// SPDX-License-Identifier: Apache-2.0
// PemFile: a certificate or key that was given as text, as a file in memory: libpq reads files
// only. It is on no disk and goes with the object. Immutable; safe from any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "result/status_or.h"

namespace MECHA_COMPONENT {

class PemFile {
 public:
  // Whether a setting holds text; else it is a path.
  static bool IsText(std::string_view value) { return value.find("-----BEGIN ") != value.npos; }
  // `field` is for messages.
  static StatusOr<std::shared_ptr<const PemFile>> Make(std::string_view field,
                                                       std::string_view text);
  PemFile(const PemFile&) = delete;
  PemFile& operator=(const PemFile&) = delete;
  ~PemFile();

  // For this process alone.
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  explicit PemFile(int fd) : fd_(fd) {}

  const int fd_;
};

}  // namespace MECHA_COMPONENT
