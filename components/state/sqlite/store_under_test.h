// SPDX-License-Identifier: Apache-2.0
// StoreUnderTest: a started store in a private folder, with plain functions for its operations. For
// the tests of this folder.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "contract/component_info.h"
#include "encoding/ascii.h"
#include "sqlite_state_store.h"
#include "support/catch.h"
#include "support/raw_database.h"
#include "support/state_store_user.h"
#include "support/test_host.h"

namespace MECHA_COMPONENT {

using test::PrivateFolder;
using test::RawDatabase;

extern const ComponentInfo kComponentInfo;

using test::Fields;
using Call = test::TestCall;

inline Settings SettingsOf(const Fields& fields) {
  std::map<std::string, Settings::Value, std::less<>> values;
  for (const FieldInfo& field : kComponentInfo.fields) {
    if (!field.default_text.empty()) {
      values[ToLower(field.name)].text = field.default_text;
    }
  }
  for (const auto& [name, text] : fields) {
    values[ToLower(name)].text = text;
  }
  return Settings({.name = "store"}, std::move(values));
}

inline StateWrite Put(std::string_view key, std::string_view value,
                      Condition condition = Condition::kAlways, std::string_view etag = {}) {
  StateWrite write;
  write.key = key;
  write.value = value;
  write.condition = condition;
  write.etag = etag;
  return write;
}

inline StateWrite PutJson(std::string_view key, std::string_view value) {
  StateWrite write = Put(key, value);
  write.value_kind = ValueKind::kJson;
  return write;
}

inline StateWrite Removal(std::string_view key, std::string_view etag = {}) {
  StateWrite write;
  write.kind = StateWrite::Kind::kDelete;
  write.condition = etag.empty() ? Condition::kAlways : Condition::kIfMatch;
  write.key = key;
  write.etag = etag;
  return write;
}

// Waits on this thread for what `done` is given, on whichever thread that happens.
template <class T>
class Answer {
 public:
  Done<T> done() {
    return [this](StatusOr<T> value) {
      const std::lock_guard lock(mutex_);
      value_ = std::move(value);
      ready_.notify_all();
    };
  }
  StatusOr<T> Await() {
    std::unique_lock lock(mutex_);
    if (!ready_.wait_for(lock, std::chrono::seconds(60), [&] { return value_.has_value(); })) {
      return DeadlineExceeded("no answer within a minute");
    }
    return *std::move(value_);
  }
  // As Await, but leaves the answer where it is.
  void AwaitReady() {
    std::unique_lock lock(mutex_);
    ready_.wait_for(lock, std::chrono::seconds(60), [&] { return value_.has_value(); });
  }
  bool is_ready() {
    const std::lock_guard lock(mutex_);
    return value_.has_value();
  }

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  std::optional<StatusOr<T>> value_;
};

class StoreUnderTest {
 public:
  explicit StoreUnderTest(Fields fields = {}) : fields_(std::move(fields)) {
    fields_.emplace("connectionString", folder_.File("data.db"));
    // A power cut is no part of these tests; waiting for the disk is most of their time.
    fields_.emplace("synchronous", "off");
    const Status status = Start();
    INFO(status.message());
    REQUIRE(status.ok());
  }

  Status Start() {
    settings_.emplace(SettingsOf(fields_));
    Call call;
    return store_.Init(call.context, *settings_, host_);
  }

  StatusOr<StateValue> Get(std::string_view key) { return Get(key, Call()); }
  StatusOr<StateValue> Get(std::string_view key, const Call& call) {
    Answer<StateValue> answer;
    store_.Get(call.context, key, {}, answer.done());
    return answer.Await();
  }
  // The value's bytes, or the status.
  std::string Text(std::string_view key) {
    const StatusOr<StateValue> value = Get(key);
    return value.ok() ? std::string(value->data.view())
                      : std::string(NameOf(value.status().code()));
  }
  std::vector<StatusOr<StateValue>> GetMany(const std::vector<std::string_view>& keys) {
    Answer<std::vector<StatusOr<StateValue>>> answer;
    const Call call;
    store_.GetMany(call.context, keys, {}, answer.done());
    return *answer.Await();
  }
  WriteOutcome Write(const StateWrite& write) { return Write(write, Call()); }
  WriteOutcome Write(const StateWrite& write, const Call& call) {
    Answer<Etag> answer;
    store_.Write(call.context, write, answer.done());
    return answer.Await();
  }
  std::vector<WriteOutcome> WriteMany(const std::vector<StateWrite>& writes) {
    Answer<std::vector<WriteOutcome>> answer;
    const Call call;
    store_.WriteMany(call.context, writes, answer.done());
    return *answer.Await();
  }
  StatusOr<std::vector<WriteOutcome>> Transact(const std::vector<StateWrite>& writes) {
    Answer<std::vector<WriteOutcome>> answer;
    const Call call;
    store_.Transact(call.context, writes, answer.done());
    return answer.Await();
  }
  ListPage List(std::string_view prefix, size_t limit = 1000, std::string_view position = {}) {
    Answer<ListPage> answer;
    const Call call;
    store_.List(call.context, {prefix, limit, position}, answer.done());
    return *answer.Await();
  }

  SqliteStateStore& store() { return store_; }
  test::TestHost& host() { return host_; }
  std::string file() const { return folder_.File("data.db"); }
  const PrivateFolder& folder() const { return folder_; }

 private:
  PrivateFolder folder_;
  Fields fields_;
  test::TestHost host_;
  std::optional<Settings> settings_;
  SqliteStateStore store_;
};

}  // namespace MECHA_COMPONENT
