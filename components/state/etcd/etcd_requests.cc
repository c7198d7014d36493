// SPDX-License-Identifier: Apache-2.0
#include "etcd_requests.h"

#include "encoding/base64.h"

namespace MECHA_COMPONENT {
namespace {

void AddBytes(std::string& out, std::string_view name, std::string_view bytes) {
  out += '"';
  out += name;
  out += "\":\"";
  const size_t at = out.size();
  out.resize(at + Base64EncodedSize(bytes.size()));
  EncodeBase64(bytes, out.data() + at);
  out += '"';
}

std::string KeyObject(std::string_view key) {
  std::string object = "{";
  AddBytes(object, "key", key);
  return object;
}

// The next element of an array.
void Separate(std::string& elements) {
  if (!elements.empty()) {
    elements += ',';
  }
}

}  // namespace

std::string RangeRequest(std::string_view key) { return KeyObject(key) + "}"; }

std::string CountRequest(std::string_view key) { return KeyObject(key) + ",\"count_only\":true}"; }

std::string ListRequestOf(std::string_view first, std::string_view end, size_t limit) {
  std::string request = KeyObject(first) + ",";
  AddBytes(request, "range_end", end);
  return request + ",\"limit\":\"" + std::to_string(limit) + "\",\"keys_only\":true}";
}

std::string GrantRequest(int64_t ttl_seconds) {
  return "{\"TTL\":\"" + std::to_string(ttl_seconds) + "\"}";
}

std::string RevokeRequest(int64_t lease) { return "{\"ID\":\"" + std::to_string(lease) + "\"}"; }

std::string EndOfPrefix(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xFF') {
    end.pop_back();
  }
  if (end.empty()) {
    return std::string(1, '\0');  // no end
  }
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

void TransactionRequest::ReadIfFailed(std::string_view key) {
  Separate(reads_);
  reads_ += "{\"request_range\":" + KeyObject(key) + ",\"keys_only\":true}}";
}

void TransactionRequest::CompareRevision(std::string_view key, int64_t revision) {
  Separate(comparisons_);
  comparisons_ += KeyObject(key) + ",\"target\":\"MOD\",\"result\":\"EQUAL\",\"mod_revision\":\"" +
                  std::to_string(revision) + "\"}";
  ReadIfFailed(key);
}

void TransactionRequest::CompareAbsent(std::string_view key) {
  Separate(comparisons_);
  comparisons_ +=
      KeyObject(key) + ",\"target\":\"CREATE\",\"result\":\"EQUAL\",\"create_revision\":\"0\"}";
  ReadIfFailed(key);
}

void TransactionRequest::Put(std::string_view key, std::string_view value, int64_t lease) {
  Separate(operations_);
  operations_.reserve(operations_.size() + Base64EncodedSize(key.size() + value.size()) + 128);
  operations_ += "{\"request_put\":{";
  AddBytes(operations_, "key", key);
  operations_ += ',';
  AddBytes(operations_, "value", value);
  if (lease != 0) {
    operations_ += ",\"lease\":\"" + std::to_string(lease) + "\"";
  }
  operations_ += "}}";
}

void TransactionRequest::Delete(std::string_view key) {
  Separate(operations_);
  operations_ += "{\"request_delete_range\":" + KeyObject(key) + "}}";
}

void TransactionRequest::Get(std::string_view key) {
  Separate(operations_);
  operations_ += "{\"request_range\":" + KeyObject(key) + "}}";
}

std::string TransactionRequest::Finish() {
  std::string request = "{\"compare\":[";
  request.reserve(comparisons_.size() + operations_.size() + reads_.size() + 64);
  request += comparisons_;
  request += "],\"success\":[";
  request += operations_;
  request += "],\"failure\":[";
  request += reads_;
  request += "]}";
  return request;
}

}  // namespace MECHA_COMPONENT
