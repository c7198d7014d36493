// SPDX-License-Identifier: Apache-2.0
// Contender: one way to get and set values; Mecha is one, each raw client another. A failure ends
// the program: a bench of failing calls means nothing. One thread. Used by state_bulk and
// state_transaction, too.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace bench {

// The application's key, and the same with Dapr's prefix, under which every contender stores it.
struct Key {
  std::string own;
  std::string stored;
};

class Contender {
 public:
  virtual ~Contender() = default;
  virtual std::string name() const = 0;
  // Returns the value's size, so that it was really read.
  virtual size_t Get(const Key& key) = 0;
  virtual void Set(const Key& key, std::string_view value) = 0;
  // Reads all in one go; returns the sizes of the values together.
  virtual size_t GetMany(std::span<const Key> /*keys*/) { return 0; }
  // Sets all, or none of them.
  virtual void SetTogether(std::span<const Key> /*keys*/, std::string_view /*value*/) {}
};

[[noreturn]] void Fail(std::string_view what);

// A hash map behind a mutex, values copied out.
std::unique_ptr<Contender> MakeMapPeer();
// SQLite with the component's own table and statements, prepared; in `file`. With SQLite's own page
// cache, or with one of `page_cache_kib`.
std::unique_ptr<Contender> MakeSqlitePeer(const std::string& file);
// With as much page cache as Mecha's own connections.
std::unique_ptr<Contender> MakeTunedSqlitePeer(const std::string& file);
// hiredis with the component's own commands and script.
std::unique_ptr<Contender> MakeRedisPeer(const std::string& host, int port);

// A redis-server for this program, ended with the object.
class BenchServer {
 public:
  virtual ~BenchServer() = default;
  virtual int port() const = 0;
};
std::unique_ptr<BenchServer> StartRedis();

// libpq with the component's own statements, prepared, on the table that the component made.
std::unique_ptr<Contender> MakePostgresPeer(const std::string& connection);
class PostgresServer {
 public:
  virtual ~PostgresServer() = default;
  virtual std::string connection() const = 0;
};
std::unique_ptr<PostgresServer> StartPostgres();

// Mecha's C interface, for application "app", with one component of `type`, whose metadata is YAML
// text ("" = none).
std::unique_ptr<Contender> MakeMechaContender(const std::string& type, const std::string& metadata,
                                              const std::string& version = "v1");

}  // namespace bench
