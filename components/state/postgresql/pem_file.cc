// SPDX-License-Identifier: Apache-2.0
#include "pem_file.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "result/status.h"

namespace MECHA_COMPONENT {

StatusOr<std::shared_ptr<const PemFile>> PemFile::Make(std::string_view field,
                                                       std::string_view text) {
  const int fd = memfd_create("mecha-pem", MFD_CLOEXEC);
  if (fd >= 0) {
    const std::shared_ptr<const PemFile> made(new PemFile(fd));
    // libpq refuses a key that others may read.
    if (fchmod(fd, S_IRUSR | S_IWUSR) == 0 &&
        write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size())) {
      return made;
    }
  }
  return ResourceExhausted(std::string(field) +
                           ": the system has no room for it as a file. Give the path of a file");
}

PemFile::~PemFile() { close(fd_); }

}  // namespace MECHA_COMPONENT
