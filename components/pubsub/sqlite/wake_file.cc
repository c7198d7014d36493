// SPDX-License-Identifier: Apache-2.0
#include "wake_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace MECHA_COMPONENT {
namespace {

// Two names of one database are one wake file.
std::string RealPath(const std::string& file) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(file, error);
  return error ? file : real.string();
}

Status SystemFailure(const std::string& what) {
  return Unavailable(what + ": " + std::generic_category().message(errno));
}

}  // namespace

WakeFile::WakeFile(const std::string& database, Host& host)
    : file_(RealPath(database) + "-wake"), host_(host) {
  struct stat found {};
  mode_ = stat(database.c_str(), &found) == 0 ? found.st_mode & 0666 : 0600;
}

// Opening it is the word. It is made when it is missing, with the rights of the database.
Status WakeFile::Touch() const {
  int fd = open(file_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0 && errno == ENOENT) {
    fd = open(file_.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode_);
    if (fd >= 0) {
      (void)fchmod(fd, mode_);
    }
  }
  if (fd < 0) {
    return SystemFailure(file_);
  }
  close(fd);
  return OkStatus();
}

void WakeFile::Ring() const { Touch().IgnoreError(); }

Status WakeFile::AddWatch() {
  RETURN_IF_ERROR(Touch());
  // Not told of the Touch above, and told when somebody removes or replaces the file.
  constexpr uint32_t kAwaited = IN_OPEN | IN_DELETE_SELF | IN_MOVE_SELF;
  if (inotify_add_watch(inotify_, file_.c_str(), kAwaited) < 0) {
    return SystemFailure(file_ + ": inotify_add_watch");
  }
  return OkStatus();
}

Status WakeFile::Listen(absl::AnyInvocable<void()> on_ring) {
  if (inotify_ >= 0) {
    return OkStatus();
  }
  inotify_ = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (inotify_ < 0) {
    return SystemFailure("inotify_init1");
  }
  const Status added = AddWatch();
  if (!added.ok()) {
    close(std::exchange(inotify_, -1));
    return added;
  }
  on_ring_ = std::move(on_ring);
  watch_ = host_.Watch(inotify_, [this](short /*ready*/) { OnReady(); });
  host_.Await(watch_, POLLIN);
  return OkStatus();
}

void WakeFile::OnReady() {
  alignas(inotify_event) char events[4096];
  bool is_gone = false;
  for (;;) {
    const ssize_t size = read(inotify_, events, sizeof events);
    if (size <= 0) {
      break;
    }
    for (ssize_t at = 0; at < size;) {
      inotify_event event;
      std::memcpy(&event, events + at, sizeof event);
      is_gone = is_gone || (event.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0;
      at += static_cast<ssize_t>(sizeof event + event.len);
    }
  }
  if (is_gone) {
    AddWatch().IgnoreError();
  }
  on_ring_();
}

void WakeFile::Close() {
  if (inotify_ < 0) {
    return;
  }
  host_.Unwatch(watch_);
  close(std::exchange(inotify_, -1));
}

}  // namespace MECHA_COMPONENT
