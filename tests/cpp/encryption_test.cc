// SPDX-License-Identifier: Apache-2.0
// Encrypted state through the public face, on an SQLite file that a runtime without keys reads too.
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include "stores.h"

namespace {

namespace fs = std::filesystem;

// A folder with secrets and one SQLite file.
class Vault {
 public:
  Vault() {
    std::string pattern = (fs::temp_directory_path() / "mecha-encryption-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    std::ofstream(folder_ / "secrets.json")
        << R"({"old": ")" << std::string(32, 'a') << R"(", "new": ")" << std::string(64, 'b')
        << R"(", "short": "abc"})";
  }
  ~Vault() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  // `keys`: pairs of field and secret.
  mecha::Result<mecha::Runtime> Open(
      const std::vector<std::array<std::string, 2>>& keys = {}) const {
    std::string store =
        "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: orders\nspec:\n"
        "  type: state.sqlite\n  version: v1\n  metadata:\n"
        "    - {name: connectionString, value: \"" +
        (folder_ / "state.db").string() + "\"}\n";
    for (const auto& [field, secret] : keys) {
      store += "    - {name: " + field + ", secretKeyRef: {name: " + secret + "}}\n";
    }
    mecha::RuntimeOptions options;
    options.app_id = "shop";
    options.resource_texts = {
        "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: vault\nspec:\n"
        "  type: secretstores.local.file\n  version: v1\n  metadata:\n"
        "    - {name: secretsFile, value: \"" +
            (folder_ / "secrets.json").string() + "\"}\n",
        store + "auth: {secretStore: vault}\n"};
    return mecha::Runtime::OpenAndStart(options);
  }
  mecha::Runtime Start(const std::vector<std::array<std::string, 2>>& keys = {}) const {
    mecha::Result<mecha::Runtime> runtime = Open(keys);
    INFO((runtime.ok() ? "" : std::string(runtime.error().message())));
    REQUIRE(runtime.ok());
    return std::move(runtime).value();
  }

 private:
  fs::path folder_;
};

std::string ValueOf(const mecha::Runtime& runtime, const char* key) {
  const auto got = runtime.state("orders").Get(key);
  return got.ok() ? std::string(got->bytes()) : std::string(got.error().message());
}

}  // namespace

TEST_CASE("an encrypted store keeps nothing readable, and rotates its key") {
  const Vault vault;
  {
    const mecha::Runtime runtime = vault.Start({{"primaryEncryptionKey", "old"}});
    const mecha::State orders = runtime.state("orders");
    REQUIRE(orders.Set("one", "first value").ok());
    REQUIRE(orders.Set("json", R"({"total": 7})", {.content_type = "application/json"}).ok());
    CHECK(ValueOf(runtime, "one") == "first value");
    CHECK(ValueOf(runtime, "json") == R"({"total": 7})");
    const auto both = orders.GetMany({"one", "json"});
    REQUIRE(both.ok());
    CHECK(both->size() == 2);
    CHECK(orders.Query("{}").status() == mecha::Status::kFailedPrecondition);
  }
  {
    const mecha::Runtime plain = vault.Start();
    CHECK(ValueOf(plain, "one").ends_with("||old"));
    CHECK(ValueOf(plain, "one").find("first") == std::string::npos);
    REQUIRE(plain.state("orders").Set("plain", "readable").ok());
  }
  const mecha::Runtime rotated =
      vault.Start({{"primaryEncryptionKey", "new"}, {"secondaryEncryptionKey", "old"}});
  CHECK(ValueOf(rotated, "one") == "first value");
  CHECK(ValueOf(rotated, "plain").find("not encrypted") != std::string::npos);
  REQUIRE(rotated.state("orders").Set("two", "second value").ok());
  const mecha::Runtime only_new = vault.Start({{"primaryEncryptionKey", "new"}});
  CHECK(ValueOf(only_new, "two") == "second value");
  CHECK(ValueOf(only_new, "one").find("\"old\"") != std::string::npos);
}

TEST_CASE("a store whose key cannot be used does not start") {
  const Vault vault;
  const auto message = [&](const std::vector<std::array<std::string, 2>>& keys) {
    const auto opened = vault.Open(keys);
    return opened.ok() ? std::string() : std::string(opened.error().message());
  };
  CHECK(message({{"primaryEncryptionKey", "short"}}).find("hexadecimal") != std::string::npos);
  CHECK(message({{"primaryEncryptionKey", "absent"}}).find("absent") != std::string::npos);
  CHECK(message({{"secondaryEncryptionKey", "old"}}).find("no primaryEncryptionKey") !=
        std::string::npos);
}
