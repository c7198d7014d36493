// SPDX-License-Identifier: Apache-2.0
// BackEnd: what stands behind the component under test: a private folder, and a server where the
// harness asks for one. It opens no runtime. Make it on the test's main thread; it removes all it
// made.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conformance/harness.h"

namespace conformance {

using Metadata = std::vector<std::pair<std::string, std::string>>;

// A real server on a free loopback port. One thread at a time.
class Server {
 public:
  virtual ~Server() = default;
  virtual std::string address() const = 0;
  // The file with the certificate of who signed the server's own; "" without TLS.
  virtual std::string authority() const { return {}; }
  virtual void Clear() = 0;
  virtual void Kill() = 0;
  // Brings it back on the same port with everything it had acknowledged, or with nothing when the
  // harness says that it forgets.
  virtual void Restart() = 0;
  virtual void Pause() = 0;
  virtual void Continue() = 0;
};

enum class ServerUse {
  kShared,  // one server for all tests of the program, emptied first
  kOwn      // one that the test may kill, and that keeps what it acknowledged
};

class BackEnd {
 public:
  explicit BackEnd(ServerUse use = ServerUse::kShared);
  BackEnd(const BackEnd&) = delete;
  BackEnd& operator=(const BackEnd&) = delete;
  ~BackEnd();

  // The Component document of the type under test. `extra` adds or replaces metadata.
  std::string Document(std::string_view name, const Metadata& extra = {}) const;
  const std::string& folder() const { return folder_; }
  // Null when the type needs none.
  Server* server() const { return server_; }

 private:
  std::string Filled(std::string_view text) const;

  std::string folder_;
  std::unique_ptr<Server> own_server_;
  Server* server_ = nullptr;
};

}  // namespace conformance
