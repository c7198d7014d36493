// SPDX-License-Identifier: Apache-2.0
#include "support/mariadb_server.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace mecha::test {
namespace {

std::string MakeFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "mecha-mariadb-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    throw std::runtime_error("TestMariadb: no temporary folder: " + pattern);
  }
  return pattern;
}

// The output of a shell command; its errors are dropped.
std::string OutputOf(const std::string& command) {
  std::FILE* pipe = popen((command + " 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) {
    return "";
  }
  std::string output;
  char bytes[4096];
  for (size_t count = std::fread(bytes, 1, sizeof bytes, pipe); count > 0;
       count = std::fread(bytes, 1, sizeof bytes, pipe)) {
    output.append(bytes, count);
  }
  pclose(pipe);
  return output;
}

// A folder that no server has used yet; removed at the program's end.
class FreshData {
 public:
  FreshData() : folder_(MakeFolder()) {
    OutputOf(
        "mariadb-install-db --no-defaults --skip-test-db "
        "--auth-root-authentication-method=normal --user=$(id -un) --datadir=" +
        folder_ + "/data");
  }
  ~FreshData() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  std::string path() const { return folder_ + "/data"; }

 private:
  std::string folder_;
};

}  // namespace

TestMariadb::TestMariadb() : folder_(MakeFolder()) {
  static const FreshData fresh;
  std::filesystem::copy(fresh.path(), folder_ + "/data", std::filesystem::copy_options::recursive);
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    port_ = FreePort();
    if (Start()) {
      return;
    }
  }
  throw std::runtime_error("TestMariadb: mariadbd does not start; see " + folder_);
}

TestMariadb::~TestMariadb() {
  Kill();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

bool TestMariadb::Start() {
  // Found beside the other programs of the administrator where the PATH lacks it.
  const std::string program =
      access("/usr/sbin/mariadbd", X_OK) == 0 ? "/usr/sbin/mariadbd" : "mariadbd";
  const std::string socket = folder_ + "/socket";
  std::error_code ignored;
  std::filesystem::remove(socket, ignored);
  return process_.Start(
      {program, "--no-defaults", "--datadir=" + folder_ + "/data", "--socket=" + socket,
       "--bind-address=127.0.0.1", "--port=" + std::to_string(port_),
       "--pid-file=" + folder_ + "/pid", "--log-error=" + folder_ + "/log", "--skip-log-bin",
       "--innodb-buffer-pool-size=32M", "--innodb-log-file-size=64M",
       "--user=" + std::string(getuid() == 0 ? "root" : "nobody")},
      [this] { return Execute("SELECT 1") == "1\n"; });
}

void TestMariadb::Restart() {
  Kill();
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    if (Start()) {
      return;
    }
  }
  throw std::runtime_error("TestMariadb: mariadbd does not start again; see " + folder_);
}

// Through the private socket, so it is our server that answers.
std::string TestMariadb::Execute(const std::string& statements) const {
  return OutputOf("mariadb --no-defaults -N -B -u root -S " + folder_ + "/socket -e \"" +
                  statements + "\"");
}

}  // namespace mecha::test
