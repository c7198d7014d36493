// SPDX-License-Identifier: Apache-2.0
// The two sides of state_concurrent: Mecha's C interface, and the raw client doing the same by
// hand.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/throughput.h"

namespace bench {

inline constexpr size_t kKeys = 1000;
inline constexpr size_t kValueBytes = 1024;

inline size_t KeyAt(size_t turn) { return turn * 619 % kKeys; }

[[noreturn]] void Fail(std::string_view what);

// A runtime with one store, for application "app".
class MechaStore {
 public:
  // `spec` is the document's from "type:" on, indented by two.
  explicit MechaStore(const std::string& spec);
  ~MechaStore();
  MechaStore(const MechaStore&) = delete;
  MechaStore& operator=(const MechaStore&) = delete;

  void Set(size_t key, std::string_view value) const;
  void Get(size_t turn) const;
  // Keeps `window` gets, or sets of `value`, in flight on a poll queue for half a second.
  Rate GetOnQueue(size_t window) const;
  Rate SetOnQueue(size_t window, std::string_view value) const;

 private:
  struct Opened;
  Rate RunOnQueue(size_t window, const std::string_view* value) const;

  std::unique_ptr<Opened> opened_;
};

// One connection that reads, by itself, the keys MechaStore wrote.
std::function<void(size_t)> MakeHiredisGet(int port);
// Sends `window` gets by hand, then reads their replies, for half a second.
Rate GetPipelined(int port, size_t window);

#ifdef HAS_POSTGRESQL
class PostgresServer {
 public:
  virtual ~PostgresServer() = default;
  virtual std::string connection() const = 0;
};
std::unique_ptr<PostgresServer> StartPostgres();

// The component's own prepared statements in libpq's pipeline mode, driven by hand: `window` of
// them are sent, then their results read, for half a second.
enum class Syncs { kEach, kOnce };
Rate GetPipelinedPostgres(const std::string& connection, size_t window, Syncs syncs);
Rate SetPipelinedPostgres(const std::string& connection, size_t window, std::string_view value);
#endif

}  // namespace bench
