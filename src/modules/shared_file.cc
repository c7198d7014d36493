// SPDX-License-Identifier: Apache-2.0
#include "modules/shared_file.h"

#include <dlfcn.h>
#include <sys/stat.h>

#include <cerrno>
#include <initializer_list>
#include <system_error>

namespace mecha {
namespace {

Status Unusable(std::initializer_list<std::string_view> parts) {
  std::string message;
  for (const std::string_view part : parts) {
    message += part;
  }
  return FailedPrecondition(message);
}

// What mends a failed dlopen, from the dynamic linker's words. A host that speaks another language
// than English gets the general advice.
std::string_view Remedy(std::string_view cause) {
  if (cause.find("undefined symbol: mecha_") != std::string_view::npos) {
    return "It may call what mecha_host offers, but nothing of libmecha by name. Use mecha_host in "
           "it, and install it";
  }
  if (cause.find("undefined symbol") != std::string_view::npos) {
    return "It was linked without the library that has this name, or needs another release of it. "
           "Link it with that library, install that release";
  }
  return "Install the library that is missing";
}

}  // namespace

StatusOr<Presence> Look(const std::string& file, std::string_view what) {
  struct stat info {};
  if (stat(file.c_str(), &info) == 0) {
    return S_ISREG(info.st_mode) ? StatusOr<Presence>(Presence::kPresent)
                                 : Unusable({what, " ", file, " is not a regular file. Put the ",
                                             what, "'s file there"});
  }
  const int error = errno;
  if (error == ENOENT && lstat(file.c_str(), &info) == 0) {
    return Unusable({what, " ", file,
                     " is a symbolic link to nothing. Install what it points to, or remove it"});
  }
  if (error == ENOENT || error == ENOTDIR) {
    return Presence::kAbsent;
  }
  return Unusable(
      {what, " ", file, " cannot be looked at: ", std::generic_category().message(error)});
}

StatusOr<void*> OpenSharedFile(const std::string& file, const char* symbol, std::string_view what) {
  void* handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == nullptr) {
    const char* cause = dlerror();
    const std::string_view words = cause == nullptr ? "" : cause;
    return Unusable({what, " ", file, " cannot be loaded: ", words, ". ", Remedy(words),
                     ", or the ", what, " again"});
  }
  void* found = dlsym(handle, symbol);
  if (found == nullptr) {
    return Unusable({what, " ", file, " is no ", what, " of Mecha: it does not export ", symbol,
                     ". Install the ", what, " again"});
  }
  return found;
}

}  // namespace mecha
