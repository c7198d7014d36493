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
#include "result/status_or.h"
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
  Status Init() {
    settings_ = std::make_unique<Settings>(
        Settings::Identity{},
        std::map<std::string, Settings::Value, std::less<>>{{"secretsfile", {path_}}});
    return store_->Init(call_, *settings_, host_);
  }
  StatusOr<Secret> Get(std::string_view name) {
    StatusOr<Secret> result = Internal("done did not run");
    store_->Get(call_, name, [&](StatusOr<Secret> got) { result = std::move(got); });
    return result;
  }
  SecretList List() {
    SecretList result;
    store_->List(call_, [&](StatusOr<SecretList> got) { result = *got; });
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
  CHECK(*store.Get("redis:password") == Secret{{"redis:password", "s3cret"}});
  CHECK(store.Get("redis").status().code() == StatusCode::kNotFound);
  CHECK(store.List().size() == 2);
}

TEST_CASE("the file is read once, when the component starts") {
  Store store(R"({"key": "old"})");
  REQUIRE(store.Init().ok());
  store.Write(R"({"key": "new"})");
  CHECK(*store.Get("key") == Secret{{"key", "old"}});
  store.Remove();
  CHECK(store.Get("key").ok());
}

TEST_CASE("a broken or missing file names itself, and a later start may succeed") {
  Store store("{\"key\": hunter2}");
  const Status broken = store.Init();
  CHECK(broken.code() == StatusCode::kInvalidArgument);
  CHECK(
      broken.message().starts_with("secretsFile: " + store.path() + ": not valid JSON at line 1"));
  CHECK(broken.message().find("hunter2") == std::string_view::npos);
  store.Remove();
  const Status missing = store.Init();
  CHECK(missing.code() == StatusCode::kNotFound);
  CHECK(missing.message() == "secretsFile: " + store.path() + ": No such file or directory");
  store.Write(R"({"key": "k"})");
  CHECK(store.Init().ok());
  CHECK(store.Get("key").ok());
}

TEST_CASE("a file above 16 MB is refused") {
  Store store("{\"key\": \"" + std::string(16 << 20, 'x') + "\"}");
  CHECK(store.Init().code() == StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace MECHA_COMPONENT
