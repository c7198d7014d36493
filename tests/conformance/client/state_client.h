// SPDX-License-Identifier: Apache-2.0
// StateClient: the C functions of state.h for one store, with answers as plain values. It owns
// nothing and adds no meaning; any thread may use it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conformance/client/answer.h"

namespace conformance {

struct WriteOptions {
  std::string etag = {};
  bool is_first_write = false;
  std::string content_type = {};
  int64_t ttl_ms = 0;
  uint32_t consistency = 0;
};

inline WriteOptions IfMatch(std::string_view etag) {
  WriteOptions options;
  options.etag = etag;
  options.is_first_write = true;
  return options;
}
inline WriteOptions IfAbsent() { return IfMatch({}); }
inline WriteOptions WithTtl(int64_t ttl_ms) {
  WriteOptions options;
  options.ttl_ms = ttl_ms;
  return options;
}
inline WriteOptions AsJson() {
  WriteOptions options;
  options.content_type = "application/json";
  return options;
}

struct Write {
  bool is_delete = false;
  std::string key = {};
  std::string value = {};
  WriteOptions options = {};
};

inline Write Put(std::string_view key, std::string_view value, WriteOptions options = {}) {
  return {false, std::string(key), std::string(value), std::move(options)};
}
inline Write Remove(std::string_view key, WriteOptions options = {}) {
  return {true, std::string(key), {}, std::move(options)};
}

class StateClient {
 public:
  StateClient(mecha_runtime* runtime, std::string store)
      : runtime_(runtime), store_(std::move(store)) {}

  // With a `call` that has a queue, the answer is PENDING and empty.
  Answer Get(std::string_view key, const mecha_call* call = nullptr,
             uint32_t consistency = 0) const;
  Answer GetMany(const std::vector<std::string>& keys, const mecha_call* call = nullptr) const;
  Answer Set(std::string_view key, std::string_view value, const WriteOptions& options = {},
             const mecha_call* call = nullptr) const;
  Answer Delete(std::string_view key, const WriteOptions& options = {},
                const mecha_call* call = nullptr) const;
  // Independent writes, or one transaction.
  Answer Bulk(const std::vector<Write>& writes, const mecha_call* call = nullptr) const;
  Answer Transact(const std::vector<Write>& writes, const mecha_call* call = nullptr) const;
  Answer List(std::string_view prefix, uint32_t limit = 0, std::string_view page = {},
              const mecha_call* call = nullptr) const;
  Answer Query(std::string_view query, uint32_t limit = 0, std::string_view page = {}) const;

  // The value under `key`, or "(absent)", or the failure in words.
  std::string Value(std::string_view key) const;
  // Every key with `prefix`, page after page, sorted; fails the test when a page does.
  std::vector<std::string> Keys(std::string_view prefix, uint32_t limit = 0) const;

  mecha_runtime* runtime() const { return runtime_; }
  const std::string& store() const { return store_; }

 private:
  Answer Apply(const std::vector<Write>& writes, bool is_atomic, const mecha_call* call) const;

  mecha_runtime* runtime_;
  std::string store_;
};

}  // namespace conformance
