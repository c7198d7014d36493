// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "stores.h"

namespace {

namespace fs = std::filesystem;

// A secret file in a folder of its own, and a runtime that reads it.
class SecretFile {
 public:
  SecretFile() {
    std::string pattern = (fs::temp_directory_path() / "mecha-secrets-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    std::ofstream(folder_ / "secrets.json")
        << R"({"redis": "hunter2", "database": {"user": "ada", "password": "lovelace"}})";
  }
  ~SecretFile() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  mecha::Runtime Start() const {
    mecha::RuntimeOptions options;
    options.app_id = "wrapper-test";
    options.resource_texts = {
        "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: vault\n"
        "spec:\n  type: secretstores.local.file\n  version: v1\n  metadata:\n"
        "    - name: secretsFile\n      value: \"" +
        (folder_ / "secrets.json").string() +
        "\"\n    - name: multiValued\n      value: \"true\"\n"};
    mecha::Result<mecha::Runtime> runtime = mecha::Runtime::OpenAndStart(options);
    INFO((runtime.ok() ? "" : std::string(runtime.error().message())));
    REQUIRE(runtime.ok());
    return std::move(runtime).value();
  }

 private:
  fs::path folder_;
};

}  // namespace

TEST_CASE("a secret is read by its name, with each of its keys") {
  const SecretFile file;
  const mecha::Runtime runtime = file.Start();
  const mecha::Secrets vault = runtime.secrets("vault");
  const mecha::Result<mecha::SecretItems> redis = vault.Get("redis");
  REQUIRE(redis.ok());
  CHECK(redis->found());
  CHECK(redis->value() == "hunter2");
  const mecha::Result<mecha::SecretItems> database = vault.Get("database");
  REQUIRE(database.ok());
  CHECK(database->size() == 2);
  CHECK(database->Find("database", "user") == "ada");
  CHECK(database->Find("database", "password") == "lovelace");
  CHECK_FALSE(database->Find("database", "host").has_value());
}

TEST_CASE("an absent secret is not found, and an unknown store is an error") {
  const SecretFile file;
  const mecha::Runtime runtime = file.Start();
  const mecha::Result<mecha::SecretItems> absent = runtime.secrets("vault").Get("absent");
  REQUIRE(absent.ok());
  CHECK(absent.status() == mecha::Status::kNotFound);
  CHECK_FALSE(absent->found());
  CHECK(absent->value().empty());
  const mecha::Result<mecha::SecretItems> unknown = runtime.secrets("nowhere").Get("redis");
  CHECK_FALSE(unknown.ok());
  CHECK(unknown.status() == mecha::Status::kNotFound);
  CHECK(runtime.secrets("vault").Get("").status() == mecha::Status::kInvalidArgument);
}

TEST_CASE("all secrets are listed, blocking and by a queue") {
  const SecretFile file;
  const mecha::Runtime runtime = file.Start();
  const mecha::Secrets vault = runtime.secrets("vault");
  const mecha::Result<mecha::SecretItems> all = vault.List();
  REQUIRE(all.ok());
  CHECK(all->size() == 3);
  CHECK(all->Find("database", "user") == "ada");

  mecha::Result<mecha::Queue> queue = mecha::Queue::Open(runtime);
  REQUIRE(queue.ok());
  REQUIRE(vault.ListAsync(*queue, 1).pending());
  CHECK(queue->Next(std::chrono::seconds(10))->Take<mecha::SecretItems>()->size() == 3);
  REQUIRE(vault.GetAsync(*queue, 2, "redis").pending());
  mecha::Result<mecha::Event> event = queue->Next(std::chrono::seconds(10));
  REQUIRE(event.ok());
  CHECK(event->token() == 2);
  CHECK(event->Take<mecha::SecretItems>()->value() == "hunter2");
}
