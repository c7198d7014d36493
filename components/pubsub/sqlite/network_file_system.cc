// SPDX-License-Identifier: Apache-2.0
#include "network_file_system.h"

#include <sys/vfs.h>

#include <filesystem>

namespace MECHA_COMPONENT {
namespace {

struct FileSystem {
  uint32_t kind;
  std::string_view name;
};

// Numbers of statfs(2). FUSE may be local, but is as often sshfs, s3fs or a folder shared with a
// virtual machine, and does not tell which.
constexpr FileSystem kOfNetworks[] = {
    {0x6969, "NFS"},
    {0x517b, "SMB"},
    {0xff534d42, "CIFS"},
    {0xfe534d42, "SMB2"},
    {0x65735546, "FUSE"},
    {0x5346414f, "AFS"},
    {0x6b414653, "AFS"},
    {0x00c36400, "CephFS"},
    {0x01021997, "9p"},
    {0x0bd00bd0, "Lustre"},
    {0x73757245, "Coda"},
    {0x564c, "NCP"},
    {0x786f4256, "VirtualBox shared folder"},
    {0xbacbacbc, "VMware shared folder"},
    {0x7461636f, "OCFS2"},
    {0x01161970, "GFS2"},
    {0x47504653, "GPFS"},
};

}  // namespace

std::string_view NameOfNetworkFileSystem(uint64_t kind) {
  for (const FileSystem& system : kOfNetworks) {
    if (system.kind == static_cast<uint32_t>(kind)) {
      return system.name;
    }
  }
  return {};
}

Status CheckLocalFile(const std::string& file) {
  struct statfs found {};
  const std::string folder = std::filesystem::path(file).parent_path().string();
  if (statfs(file.c_str(), &found) != 0 && statfs(folder.c_str(), &found) != 0) {
    return OkStatus();  // whoever opens it says why that does not work
  }
  const std::string_view name = NameOfNetworkFileSystem(static_cast<uint64_t>(found.f_type));
  if (name.empty()) {
    return OkStatus();
  }
  return FailedPrecondition(file + ": it lies on " + std::string(name) +
                            ", where processes cannot share an SQLite queue safely; put it on a "
                            "disk of this machine, or use a broker with a server");
}

}  // namespace MECHA_COMPONENT
