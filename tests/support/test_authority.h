// SPDX-License-Identifier: Apache-2.0
// TestAuthority: a certificate authority for one test, which signs what the test wishes, expired
// certificates too. Nothing is kept on disk but what the test writes. Any thread, one at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace mecha::test {

struct CertificateWish {
  std::string subject = "server";
  std::vector<std::string> names;  // host names and addresses it is for
  int valid_from_days = -1;        // from now
  int valid_until_days = 2;
};

// Both as PEM.
struct TestIdentity {
  std::string certificate;
  std::string key;
};

class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name = "Test Authority");
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;
  ~TestAuthority();

  // Its own certificate, as PEM.
  std::string certificate() const;
  TestIdentity Issue(const CertificateWish& wish) const;

 private:
  struct Own;
  std::unique_ptr<Own> own_;
};

// A temporary folder that goes with the object, for the files of a test.
class TestFolder {
 public:
  TestFolder();
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  ~TestFolder();

  const std::string& path() const { return path_; }
  // Writes a file, or puts another in its place, in one step; its path.
  std::string Write(const std::string& name, const std::string& text) const;

 private:
  std::string path_;
};

}  // namespace mecha::test
