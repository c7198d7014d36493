// SPDX-License-Identifier: Apache-2.0
// Contender: one way to get and set a value under a key; Mecha is one, each raw client another. A
// failure ends the program: a bench of failing calls means nothing. One thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace bench {

class Contender {
 public:
  virtual ~Contender() = default;
  virtual std::string name() const = 0;
  // The key complete, as it is stored. Returns the value's size, so that it was really read.
  virtual size_t Get(std::string_view key) = 0;
  virtual void Set(std::string_view key, std::string_view value) = 0;
};

[[noreturn]] void Fail(std::string_view what);

// A hash map behind a mutex, values copied out.
std::unique_ptr<Contender> MakeMapPeer();
// SQLite with the component's own table and statements, prepared; in `file`.
std::unique_ptr<Contender> MakeSqlitePeer(const std::string& file);
// hiredis with the component's own commands and script.
std::unique_ptr<Contender> MakeRedisPeer(const std::string& host, int port);

// A redis-server for this program, ended with the object.
class BenchServer {
 public:
  virtual ~BenchServer() = default;
  virtual int port() const = 0;
};
std::unique_ptr<BenchServer> StartRedis();

// Mecha's C interface with one component of `type`, whose metadata is YAML text ("" = none). The
// store has no key prefix, so that every contender stores under the same keys.
std::unique_ptr<Contender> MakeMechaContender(const std::string& type, const std::string& metadata);

}  // namespace bench
