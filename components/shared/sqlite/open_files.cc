// SPDX-License-Identifier: Apache-2.0
#include "sqlite/open_files.h"

#include <dlfcn.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "result/status.h"

namespace mecha::components {
namespace {

// `process` is written last and cleared first, so that an entry that is half written, also one that
// a fork copied half written, matches nothing.
struct Entry {
  std::atomic<pid_t> process{0};  // 0: free, -1: being written
  std::atomic<uint64_t> device{0};
  std::atomic<uint64_t> inode{0};
};
constexpr pid_t kWriting = -1;

constinit std::array<Entry, 256> open_files;

struct FileId {
  uint64_t device;
  uint64_t inode;
};

std::optional<FileId> IdOf(const std::string& file) {
  struct stat found {};
  if (stat(file.c_str(), &found) != 0) {
    return std::nullopt;
  }
  return FileId{static_cast<uint64_t>(found.st_dev), static_cast<uint64_t>(found.st_ino)};
}

// Something the process has mapped: the program (whose path is empty) or a library.
struct Mapping {
  std::string path;
  uintptr_t begin;
};

int CollectMapping(dl_phdr_info* info, size_t /*size*/, void* found) {
  for (size_t i = 0; i < info->dlpi_phnum; ++i) {
    const auto& segment = info->dlpi_phdr[i];
    if (segment.p_type == PT_LOAD) {
      static_cast<std::vector<Mapping>*>(found)->push_back(
          {info->dlpi_name == nullptr ? "" : info->dlpi_name,
           info->dlpi_addr + segment.p_vaddr - segment.p_offset});
      break;
    }
  }
  return 0;
}

// Whether it defines SQLite's functions itself, for others to call.
bool HasSqlite(const Mapping& mapping) {
  const char* path = mapping.path.empty() ? nullptr : mapping.path.c_str();
  void* handle = dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
  if (handle == nullptr) {
    return false;
  }
  void* function = dlsym(handle, "sqlite3_open_v2");  // its own, or that of a library it needs
  Dl_info owner{};
  const bool is_own = function != nullptr && dladdr(function, &owner) != 0 &&
                      reinterpret_cast<uintptr_t>(owner.dli_fbase) == mapping.begin;
  dlclose(handle);
  return is_own;
}

}  // namespace

OpenFile::OpenFile(OpenFile&& other) noexcept : entry_(std::exchange(other.entry_, kNone)) {}

OpenFile& OpenFile::operator=(OpenFile&& other) noexcept {
  if (this != &other) {
    Remove();
    entry_ = std::exchange(other.entry_, kNone);
  }
  return *this;
}

Status OpenFile::CheckNotInherited(const std::string& file) {
  const std::optional<FileId> id = IdOf(file);
  if (!id.has_value()) {
    return OkStatus();
  }
  const pid_t self = getpid();
  for (const Entry& entry : open_files) {
    const pid_t process = entry.process.load(std::memory_order_acquire);
    const bool is_inherited = process > 0 && process != self;
    if (is_inherited && entry.device.load(std::memory_order_relaxed) == id->device &&
        entry.inode.load(std::memory_order_relaxed) == id->inode) {
      return FailedPrecondition(
          file + ": suspend before fork: process " + std::to_string(process) +
          " had this database open when it forked this one, and writes from here could be lost. "
          "Suspend the runtime in the parent around the fork, or execute a new program");
    }
  }
  return OkStatus();
}

OpenFile OpenFile::Add(const std::string& file) {
  OpenFile added;
  const std::optional<FileId> id = IdOf(file);
  for (size_t i = 0; id.has_value() && i < open_files.size(); ++i) {
    Entry& entry = open_files[i];
    pid_t expected = 0;
    if (entry.process.compare_exchange_strong(expected, kWriting, std::memory_order_acq_rel)) {
      entry.device.store(id->device, std::memory_order_relaxed);
      entry.inode.store(id->inode, std::memory_order_relaxed);
      entry.process.store(getpid(), std::memory_order_release);
      added.entry_ = static_cast<int>(i);
      break;
    }
  }
  return added;
}

void OpenFile::Remove() {
  if (entry_ == kNone) {
    return;
  }
  Entry& entry = open_files[static_cast<size_t>(entry_)];
  // A child that destroys what it inherited leaves the entry: libsqlite3's copy is still there.
  pid_t expected = getpid();
  entry.process.compare_exchange_strong(expected, 0, std::memory_order_acq_rel);
  entry_ = kNone;
}

std::vector<std::string> MappedSqliteLibraries() {
  std::vector<Mapping> mappings;
  dl_iterate_phdr(&CollectMapping, &mappings);
  std::vector<std::string> found;
  for (const Mapping& mapping : mappings) {
    if (HasSqlite(mapping)) {
      found.push_back(mapping.path.empty() ? "the program itself" : mapping.path);
    }
  }
  return found;
}

void WarnOfSecondSqliteLibrary(Host& host, std::string_view component) {
  const std::vector<std::string> libraries = MappedSqliteLibraries();
  if (libraries.size() > 1) {
    host.Log(Severity::kWarning, component,
             "this process has two SQLite libraries, " + libraries[0] + " and " + libraries[1] +
                 "; if both open one file, they drop each other's locks and damage it");
  }
}

}  // namespace mecha::components
