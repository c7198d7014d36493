// SPDX-License-Identifier: Apache-2.0
#include "call/read_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "result/status.h"
#include "result/status_or.h"

namespace mecha {
namespace {

StatusCode CodeOf(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return StatusCode::kNotFound;
    case EACCES:
    case EPERM:
      return StatusCode::kPermissionDenied;
    default:
      return StatusCode::kUnavailable;
  }
}

Status SystemError(const std::string& path, int error) {
  return Status(CodeOf(error),
                path + ": " + std::generic_category().message(error) + WhereRelative(path));
}

// Owns a descriptor.
class OpenFile {
 public:
  explicit OpenFile(const std::string& path)
      : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() {
    if (fd_ >= 0) {
      close(fd_);
    }
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

Status TooLarge(const std::string& path, size_t most_bytes) {
  return ResourceExhausted(path + ": larger than " + std::to_string(most_bytes) +
                           " bytes, which is the limit. Split it.");
}

}  // namespace

StatusOr<std::string> ReadFile(const std::string& path, size_t most_bytes) {
  const OpenFile file(path);
  struct stat info {};
  if (file.fd() < 0 || fstat(file.fd(), &info) != 0) {
    return SystemError(path, errno);
  }
  if (!S_ISREG(info.st_mode)) {
    return FailedPrecondition(path + ": not a regular file. Name a file that can be read whole.");
  }
  std::string content;
  // One byte more than allowed tells "at the limit" from "over it", however the file grows.
  size_t wanted = static_cast<size_t>(info.st_size) + 1;
  for (;;) {
    const size_t had = content.size();
    if (had > most_bytes) {
      return TooLarge(path, most_bytes);
    }
    wanted = std::min(wanted, most_bytes + 1 - had);
    content.resize(had + wanted);
    const ssize_t got = read(file.fd(), content.data() + had, wanted);
    content.resize(had + static_cast<size_t>(got > 0 ? got : 0));
    if (got == 0) {
      return content;
    }
    if (got < 0 && errno != EINTR) {
      return SystemError(path, errno);
    }
    wanted = 4096;
  }
}

std::string WhereRelative(const std::string& path) {
  if (path.starts_with('/')) {
    return {};
  }
  std::error_code error;
  const std::filesystem::path whole = std::filesystem::absolute(path, error);
  return error ? " (from the working directory)"
               : " (from the working directory: " + whole.lexically_normal().native() + ")";
}

}  // namespace mecha
