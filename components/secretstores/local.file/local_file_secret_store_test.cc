// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "contract/registry.h"
#include "result/status.h"
#include "support/catch.h"
#include "support/test_host.h"

namespace MECHA_COMPONENT {

void Register(Registry& registry);

namespace {

// A store over a private file, removed at the end.
class Store {
 public:
  explicit Store(const std::string& content) {
    char path[] = "/tmp/mecha-secrets-XXXXXX";
    const int fd = mkstemp(path);
    REQUIRE(fd >= 0);
    close(fd);
    path_ = path;
    Write(content);
    Registry registry;
    Register(registry);
    store_ = std::get<MakeSecretStore>(registry.Find(MECHA_COMPONENT_TYPE, "v1")->make)();
  }
  ~Store() {
    store_->Close();
    unlink(path_.c_str());
  }
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  const std::string& path() const { return path_; }
  void Write(const std::string& content) { std::ofstream(path_) << content; }
  void Remove() { unlink(path_.c_str()); }
  absl::Status Init() {
    settings_ = std::make_unique<Settings>(
        Settings::Identity{},
        std::map<std::string, Settings::Value, std::less<>>{{"secretsfile", {path_}}});
    return store_->Init(call_, *settings_, host_);
  }
  absl::StatusOr<Secret> Get(std::string_view name) {
    absl::StatusOr<Secret> result = Internal("done did not run");
    store_->Get(call_, name, [&](absl::StatusOr<Secret> got) { result = std::move(got); });
    return result;
  }
  SecretList List() {
    SecretList result;
    store_->List(call_, [&](absl::StatusOr<SecretList> got) { result = got.value(); });
    return result;
  }

 private:
  std::string path_;
  CallContext call_;
  test::TestHost host_;
  std::unique_ptr<Settings> settings_;
  std::unique_ptr<SecretStore> store_;
};

TEST_CASE("secrets of the file are read by name and listed") {
  Store store(R"({"redis": {"password": "s3cret"}, "key": "k"})");
  REQUIRE(store.Init().ok());
  CHECK(store.Get("redis:password").value() == Secret{{"redis:password", "s3cret"}});
  CHECK(store.Get("redis").status().code() == absl::StatusCode::kNotFound);
  CHECK(store.List().size() == 2);
}

TEST_CASE("the file is read once, when the component starts") {
  Store store(R"({"key": "old"})");
  REQUIRE(store.Init().ok());
  store.Write(R"({"key": "new"})");
  CHECK(store.Get("key").value() == Secret{{"key", "old"}});
  store.Remove();
  CHECK(store.Get("key").ok());
}

TEST_CASE("a broken or missing file names itself, and a later start may succeed") {
  Store store("{\"key\": hunter2}");
  const absl::Status broken = store.Init();
  CHECK(broken.code() == absl::StatusCode::kInvalidArgument);
  CHECK(Message(broken).starts_with("secretsFile: " + store.path() + ": not valid JSON at line 1"));
  CHECK(Message(broken).find("hunter2") == std::string_view::npos);
  store.Remove();
  const absl::Status missing = store.Init();
  CHECK(missing.code() == absl::StatusCode::kNotFound);
  CHECK(Message(missing) == "secretsFile: " + store.path() + ": No such file or directory");
  store.Write(R"({"key": "k"})");
  CHECK(store.Init().ok());
  CHECK(store.Get("key").ok());
}

TEST_CASE("a file above 16 MB is refused") {
  Store store("{\"key\": \"" + std::string(16 << 20, 'x') + "\"}");
  CHECK(store.Init().code() == absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace MECHA_COMPONENT
