// SPDX-License-Identifier: Apache-2.0
// Bodies of the requests to etcd's JSON gateway: protobuf's JSON, with keys and values as base64.
// Keys are complete, as they stand in etcd. Plain functions and a builder; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace MECHA_COMPONENT {

constexpr std::string_view kRangePath = "/v3/kv/range";
constexpr std::string_view kTransactionPath = "/v3/kv/txn";
constexpr std::string_view kGrantPath = "/v3/lease/grant";
constexpr std::string_view kRevokePath = "/v3/lease/revoke";

std::string RangeRequest(std::string_view key);
// Whether there is a key, and thereby whether a majority of the cluster is there.
std::string CountRequest(std::string_view key);
// The keys alone from `first` on, before `end`, in their order.
std::string ListRequestOf(std::string_view first, std::string_view end, size_t limit);
std::string GrantRequest(int64_t ttl_seconds);
std::string RevokeRequest(int64_t lease);
// The first key behind all that begin with `prefix`, which must not be empty.
std::string EndOfPrefix(std::string_view prefix);

// One flat transaction: if all comparisons hold, all operations happen; else the compared keys are
// read, to tell which did not hold.
class TransactionRequest {
 public:
  void CompareRevision(std::string_view key, int64_t revision);
  void CompareAbsent(std::string_view key);
  // `lease` 0: none.
  void Put(std::string_view key, std::string_view value, int64_t lease);
  void Delete(std::string_view key);
  void Get(std::string_view key);
  std::string Finish();

 private:
  void ReadIfFailed(std::string_view key);

  std::string comparisons_;
  std::string operations_;
  std::string reads_;
};

}  // namespace MECHA_COMPONENT
