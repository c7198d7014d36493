// SPDX-License-Identifier: Apache-2.0
#include "conformance/back_end.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#ifdef MECHA_TEST_SERVERS  // mecha-check-plugin starts none
#include "support/etcd_server.h"
#include "support/mariadb_server.h"
#include "support/memcached_server.h"
#include "support/redis_server.h"
#ifdef MECHA_TEST_TLS
#include "support/test_authority.h"
#endif
#ifdef MECHA_TEST_POSTGRESQL
#include "support/postgres_server.h"
#endif
#endif

namespace conformance {
namespace {

#ifdef MECHA_TEST_SERVERS
// Every acknowledged write of an own server is in the append-only file before its reply leaves.
mecha::test::RedisServerOptions RedisOptions(ServerUse use) {
  mecha::test::RedisServerOptions options;
  if (use == ServerUse::kOwn) {
    options.configuration = {"appendonly yes", "appendfsync always"};
  }
  return options;
}

class RedisServer : public Server {
 public:
  explicit RedisServer(mecha::test::RedisServerOptions options) : redis_(std::move(options)) {}

  std::string address() const override { return redis_.address(); }
  void Clear() override { redis_.Command({"FLUSHALL"}); }
  void Kill() override { redis_.Kill(); }
  void Restart() override { redis_.Restart(); }
  void Pause() override { redis_.Pause(); }
  void Continue() override { redis_.Continue(); }

 protected:
  mecha::test::TestRedis redis_;
};

#ifdef MECHA_TEST_TLS
// What a server for TLS needs on disk.
struct TlsFiles {
  TlsFiles() {
    const mecha::test::TestAuthority signer;
    const auto identity = signer.Issue({.names = {"127.0.0.1"}});
    authority = folder.Write("ca.pem", signer.certificate());
    certificate = folder.Write("server.pem", identity.certificate);
    key = folder.Write("server.key", identity.key);
  }
  mecha::test::TestFolder folder;
  std::string authority, certificate, key;
};

class TlsRedisServer final : private TlsFiles, public RedisServer {
 public:
  explicit TlsRedisServer(ServerUse use) : RedisServer(WithTls(RedisOptions(use))) {}
  std::string address() const override { return redis_.tls_address(); }
  std::string authority() const override { return TlsFiles::authority; }

 private:
  mecha::test::RedisServerOptions WithTls(mecha::test::RedisServerOptions options) const {
    options.tls = {"tls-cert-file " + certificate, "tls-key-file " + key,
                   "tls-ca-cert-file " + TlsFiles::authority, "tls-auth-clients no"};
    return options;
  }
};
#endif

#ifdef MECHA_TEST_POSTGRESQL
class PostgresServer final : public Server {
 public:
  // A whole connection string.
  std::string address() const override { return postgres_.Connection(); }
  void Clear() override {
    postgres_.Sql("postgres", "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
  }
  void Kill() override { postgres_.Kill(); }
  void Restart() override { postgres_.Restart(); }
  void Pause() override { postgres_.Pause(); }
  void Continue() override { postgres_.Continue(); }

 private:
  mecha::test::TestPostgres postgres_;
};
#endif

// Room for the values of the suite: an item may have 1 MB otherwise.
class MemcachedServer final : public Server {
 public:
  std::string address() const override { return memcached_.address(); }
  void Clear() override { memcached_.Command("flush_all"); }
  void Kill() override { memcached_.Kill(); }
  void Restart() override { memcached_.Restart(); }
  void Pause() override { memcached_.Pause(); }
  void Continue() override { memcached_.Continue(); }

 private:
  mecha::test::TestMemcached memcached_{{"-I", "64m", "-m", "1024"}};
};

class EtcdServer final : public Server {
 public:
  std::string address() const override { return etcd_.address(); }
  void Clear() override { etcd_.Clear(); }
  void Kill() override { etcd_.Kill(); }
  void Restart() override { etcd_.Restart(); }
  void Pause() override { etcd_.Pause(); }
  void Continue() override { etcd_.Continue(); }

 private:
  mecha::test::TestEtcd etcd_;
};

class MariadbServer final : public Server {
 public:
  std::string address() const override { return mariadb_.address(); }
  void Clear() override { mariadb_.Execute("DROP DATABASE IF EXISTS dapr_state_store"); }
  void Kill() override { mariadb_.Kill(); }
  void Restart() override { mariadb_.Restart(); }
  void Pause() override { mariadb_.Pause(); }
  void Continue() override { mariadb_.Continue(); }

 private:
  mecha::test::TestMariadb mariadb_;
};

// The one place that knows kinds of servers.
std::unique_ptr<Server> StartServer(std::string_view kind, ServerUse use) {
#ifdef MECHA_TEST_POSTGRESQL
  if (kind == "postgresql") {
    return std::make_unique<PostgresServer>();
  }
#endif
  if (kind == "redis") {
    return std::make_unique<RedisServer>(RedisOptions(use));
  }
#ifdef MECHA_TEST_TLS
  if (kind == "redis-tls") {
    return std::make_unique<TlsRedisServer>(use);
  }
#endif
  if (kind == "memcached") {
    return std::make_unique<MemcachedServer>();
  }
  if (kind == "etcd") {
    return std::make_unique<EtcdServer>();
  }
  if (kind == "mariadb") {
    return std::make_unique<MariadbServer>();
  }
  throw std::runtime_error("conformance.yaml asks for an unknown server: " + std::string(kind));
}
#else
std::unique_ptr<Server> StartServer(std::string_view kind, ServerUse) {
  throw std::runtime_error("this program starts no server: " + std::string(kind) +
                           ". Name the address of a running one in metadata");
}
#endif

Server& SharedServer() {
  static const std::unique_ptr<Server> server = StartServer(kHarness.server, ServerUse::kShared);
  server->Clear();
  return *server;
}

void Replace(std::string& text, std::string_view what, std::string_view with) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at)) {
    text.replace(at, what.size(), with);
    at += with.size();
  }
}

// JSON's form of a text is also a YAML scalar.
std::string Quoted(const std::string& text) { return nlohmann::json(text).dump(); }

}  // namespace

BackEnd::BackEnd(ServerUse use) {
  std::string pattern = std::filesystem::temp_directory_path() / "mecha-conformance-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) {
    throw std::runtime_error("no temporary folder could be made");
  }
  folder_ = pattern;
  if (!kHarness.server.empty() && use == ServerUse::kShared) {
    server_ = &SharedServer();
  } else if (!kHarness.server.empty()) {
    own_server_ = StartServer(kHarness.server, use);
    server_ = own_server_.get();
  }
  for (const NamedText& file : kHarness.files) {
    std::ofstream(std::filesystem::path(folder_) / file.name) << Filled(file.text);
  }
  for (const NamedText& variable : kHarness.environment) {
    setenv(std::string(variable.name).c_str(), std::string(variable.text).c_str(), 1);
  }
}

BackEnd::~BackEnd() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string BackEnd::Document(std::string_view name, const Metadata& extra) const {
  std::map<std::string, std::string> metadata;
  for (const NamedText& entry : kHarness.metadata) {
    metadata[std::string(entry.name)] = Filled(entry.text);
  }
  for (const auto& [key, value] : extra) {
    metadata[key] = Filled(value);
  }
  std::string text = "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: ";
  text += Quoted(std::string(name)) + "\nspec:\n  type: " + Quoted(std::string(kHarness.type)) +
          "\n  version: " + Quoted(std::string(kHarness.version)) + "\n";
  if (!metadata.empty()) {
    text += "  metadata:\n";
  }
  for (const auto& [key, value] : metadata) {
    text += "    - name: " + Quoted(key) + "\n      value: " + Quoted(value) + "\n";
  }
  return text;
}

std::string BackEnd::Filled(std::string_view text) const {
  std::string filled(text);
  Replace(filled, "{{folder}}", folder_);
  Replace(filled, "{{unique}}", folder_.substr(folder_.rfind('/') + 1));
  if (server_ != nullptr) {
    Replace(filled, "{{server_address}}", server_->address());
    Replace(filled, "{{server_authority}}", server_->authority());
  }
  return filled;
}

}  // namespace conformance
