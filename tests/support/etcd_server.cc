// SPDX-License-Identifier: Apache-2.0
#include "support/etcd_server.h"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "encoding/base64.h"

namespace mecha::test {
namespace {

std::string UrlOf(uint16_t port) { return "http://127.0.0.1:" + std::to_string(port); }

}  // namespace

TestEtcd::TestEtcd(std::vector<std::string> options, std::string other_url)
    : options_(std::move(options)), other_url_(std::move(other_url)) {
  folder_ = (std::filesystem::temp_directory_path() / "mecha-etcd-XXXXXX").string();
  if (mkdtemp(folder_.data()) == nullptr) {
    throw std::runtime_error("TestEtcd: no temporary folder: " + folder_);
  }
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    port_ = FreePort();
    peer_port_ = FreePort();
    if (port_ != peer_port_ && Start()) {
      return;
    }
  }
  throw std::runtime_error("TestEtcd: etcd does not start; run it by hand in " + folder_);
}

TestEtcd::~TestEtcd() {
  Kill();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

bool TestEtcd::Start() {
  // A name of its own: nobody else's etcd on this port is taken for ours.
  const std::string name = "test-" + std::to_string(peer_port_);
  std::vector<std::string> arguments = {
      "etcd",
      "--name=" + name,
      "--data-dir=" + folder_ + "/data-" + std::to_string(peer_port_),
      "--listen-client-urls=" + UrlOf(port_) + (other_url_.empty() ? "" : "," + other_url_),
      "--advertise-client-urls=" + UrlOf(port_),
      "--listen-peer-urls=" + UrlOf(peer_port_),
      "--initial-advertise-peer-urls=" + UrlOf(peer_port_),
      "--initial-cluster=" + name + "=" + UrlOf(peer_port_),
      "--unsafe-no-fsync",
      "--heartbeat-interval=50",
      "--election-timeout=500",
      "--max-request-bytes=134217728",
      "--max-txn-ops=1000",
      "--logger=zap",
      "--log-outputs=" + folder_ + "/log"};
  arguments.insert(arguments.end(), options_.begin(), options_.end());
  return process_.Start(arguments, [&] {
    return Post("/v3/cluster/member/list", "{}").find("\"" + name + "\"") != std::string::npos &&
           Post("/v3/kv/range", "{\"key\":\"YQ==\"}").find("revision") != std::string::npos;
  });
}

void TestEtcd::Restart() {
  Kill();
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    if (Start()) {
      return;
    }
  }
  throw std::runtime_error("TestEtcd: etcd does not start again; see " + folder_ + "/log");
}

std::string TestEtcd::Post(const std::string& path, const std::string& body) const {
  return Exchange(port_,
                  "POST " + path + " HTTP/1.1\r\nHost: " + address() +
                      "\r\nConnection: close\r\nContent-Type: application/json\r\n"
                      "Content-Length: " +
                      std::to_string(body.size()) + "\r\n\r\n" + body,
                  AfterSending::kStaysOpen);
}

void TestEtcd::Put(const std::string& key, const std::string& value) const {
  Post("/v3/kv/put",
       R"({"key":")" + EncodeBase64(key) + R"(","value":")" + EncodeBase64(value) + R"("})");
}

std::string TestEtcd::Get(const std::string& key) const {
  const std::string reply = Post("/v3/kv/range", R"({"key":")" + EncodeBase64(key) + R"("})");
  const std::string start = "\"value\":\"";
  const size_t at = reply.find(start);
  if (at == reply.npos) {
    return "";
  }
  const size_t value = at + start.size();
  return DecodeBase64(reply.substr(value, reply.find('"', value) - value)).value_or("no base64");
}

// The whole range: from the byte 0, to no end.
void TestEtcd::Clear() const { Post("/v3/kv/deleterange", R"({"key":"AA==","range_end":"AA=="})"); }

}  // namespace mecha::test
