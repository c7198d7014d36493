// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "scenarios.h"

namespace golden {
namespace {

using mecha::State;
using mecha::Write;

std::string Hex(std::string_view bytes) {
  static const char digits[] = "0123456789abcdef";
  std::string hex;
  for (const char byte : bytes) {
    hex += digits[static_cast<unsigned char>(byte) >> 4];
    hex += digits[static_cast<unsigned char>(byte) & 15];
  }
  return hex;
}

// The value of a key, "(absent)", or the status of a failure.
std::string ValueOf(const State& store, std::string_view key) {
  const auto value = store.Get(key);
  if (!value.ok()) return NameOf(value);
  return value->found() ? value->ToString() : "(absent)";
}

mecha::SetOptions FirstWrite(std::string_view etag = {}) {
  mecha::SetOptions options;
  options.is_first_write = true;
  options.etag = etag;
  return options;
}

void Etags(const State& store) {
  Print("get a: ", ValueOf(store, "a"));
  const auto first = store.Set("a", "1");
  Print("set a=1: ", NameOf(first));
  Print("get a: ", ValueOf(store, "a"));
  Print("get a has an etag: ", YesNo(!store.Get("a")->etag().empty()));
  Print("set a=2 if absent: ", NameOf(store.Set("a", "2", FirstWrite())));
  const std::string old(store.Get("a")->etag());
  Print("set a=2 with its etag: ", NameOf(store.Set("a", "2", FirstWrite(old))));
  Print("etag changed: ", YesNo(store.Get("a")->etag() != old));
  Print("set a=3 with the old etag: ", NameOf(store.Set("a", "3", FirstWrite(old))));
  mecha::DeleteOptions remove;
  remove.is_first_write = true;
  remove.etag = old;
  Print("delete a with the old etag: ", NameOf(store.Delete("a", remove)));
  Print("get a: ", ValueOf(store, "a"));
  const std::string current(store.Get("a")->etag());
  remove.etag = current;
  Print("delete a with its etag: ", NameOf(store.Delete("a", remove)));
  Print("get a: ", ValueOf(store, "a"));
  Print("delete a again: ", NameOf(store.Delete("a")));
}

void Values(const State& store) {
  mecha::SetOptions json;
  json.content_type = mecha::kJson;
  Print("set json: ", NameOf(store.Set("json", R"({"n": 1, "text": "é"})", json)));
  Print("get json: ", ValueOf(store, "json"));
  Print("set empty: ", NameOf(store.Set("empty", "")));
  Print("get empty: found ", YesNo(store.Get("empty")->found()), ", bytes ",
        std::to_string(store.Get("empty")->bytes().size()));
  Print("set bytes: ", NameOf(store.Set("bytes", std::string_view("\0\1\xff", 3))));
  Print("get bytes: ", Hex(store.Get("bytes")->bytes()));
  const std::string_view keys[] = {"json", "nothing", "bytes"};
  const auto values = store.GetMany(keys);
  Print("get_many: ", NameOf(values));
  for (std::size_t i = 0; i < values->size(); ++i) {
    const mecha::Item item = (*values)[i];
    Print("  ", keys[i], ": ", item.value.empty() ? Name(item.status) : Hex(item.value));
  }
}

void Transactions(const State& store) {
  const Write both[] = {Write::Set("t1", "one"), Write::Set("t2", "two"), Write::Delete("empty")};
  Print("transaction: ", NameOf(store.Apply(both)));
  Print("t1 ", ValueOf(store, "t1"), ", t2 ", ValueOf(store, "t2"), ", empty ",
        ValueOf(store, "empty"));
  const std::string old(store.Get("t2")->etag());
  Print("set t2=2: ", NameOf(store.Set("t2", "2")));
  const Write broken[] = {Write::Set("t1", "new"), Write::Set("t2", "new", FirstWrite(old))};
  const auto failed = store.Apply(broken);
  Print("transaction with an old etag: ", NameOf(failed), " at ", failed.error().Detail("index"));
  Print("t1 ", ValueOf(store, "t1"), ", t2 ", ValueOf(store, "t2"));
  mecha::ApplyOptions apart;
  apart.is_atomic = false;
  const auto outcomes = store.Apply(broken, apart);
  Print("apply one by one: ", NameOf(outcomes));
  for (std::size_t i = 0; i < outcomes->size(); ++i) {
    Print("  ", std::to_string(i), ": ", Name((*outcomes)[i].status));
  }
  Print("t1 ", ValueOf(store, "t1"), ", t2 ", ValueOf(store, "t2"));
}

void Lists(const State& store) {
  std::vector<std::string> keys;
  auto cursor = store.Keys("t");
  while (cursor.Next()) keys.emplace_back(cursor.key());
  std::sort(keys.begin(), keys.end());
  std::string line;
  for (const std::string& key : keys) line += " " + key;
  Print("keys that start with t:", line);
  for (int i = 0; i < 5; ++i) {
    (void)store.Update("count", [](std::optional<std::string_view> text) {
      return std::to_string(text ? std::stoi(std::string(*text)) + 1 : 1);
    });
  }
  Print("counted to: ", ValueOf(store, "count"));
}

void Expiry(const State& store) {
  mecha::SetOptions short_lived;
  short_lived.ttl = std::chrono::seconds(1);
  Print("set short with a TTL of 1 s: ", NameOf(store.Set("short", "soon gone", short_lived)));
  Print("get short: ", ValueOf(store, "short"));
  std::this_thread::sleep_for(std::chrono::milliseconds(2500));
  Print("get short after 2.5 s: ", ValueOf(store, "short"));
}

}  // namespace

void RunState(const std::string& folder) {
  const mecha::Runtime runtime = Start(folder);
  const State store = runtime.state("store");
  Etags(store);
  Values(store);
  Transactions(store);
  Lists(store);
  Expiry(store);
}

}  // namespace golden
