// SPDX-License-Identifier: Apache-2.0
#include "call/read_file.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "result/status.h"
#include "support/catch.h"

namespace mecha {
namespace {

std::string WrittenFile(const std::string& content) {
  char path[] = "/tmp/mecha-read-file-XXXXXX";
  const int fd = mkstemp(path);
  REQUIRE(fd >= 0);
  close(fd);
  std::ofstream(path) << content;
  return path;
}

TEST_CASE("a file is read whole, up to the limit and not beyond") {
  const std::string path = WrittenFile(std::string(10000, 'x'));
  CHECK(*ReadFile(path, 10000) == std::string(10000, 'x'));
  CHECK(ReadFile(path, 9999).status().code() == StatusCode::kResourceExhausted);
  unlink(path.c_str());
  CHECK(ReadFile(path, 10000).status().code() == StatusCode::kNotFound);
}

TEST_CASE("an empty file is empty text, and a folder or device is no file") {
  const std::string path = WrittenFile("");
  CHECK(ReadFile(path, 10)->empty());
  unlink(path.c_str());
  CHECK(ReadFile("/tmp", 10).status().code() == StatusCode::kFailedPrecondition);
  CHECK(ReadFile("/dev/zero", 10).status().code() == StatusCode::kFailedPrecondition);
  CHECK(ReadFile("/no/such/file", 10).status().message() ==
        "/no/such/file: No such file or directory");
}

TEST_CASE("a relative path that is missing is shown with where it leads") {
  const std::string here = std::filesystem::current_path().string();
  CHECK(ReadFile("no/../file", 10).status().message() ==
        "no/../file: No such file or directory (from the working directory: " + here + "/file)");
}

}  // namespace
}  // namespace mecha
