// SPDX-License-Identifier: Apache-2.0
// StoreUser: calls a state store as a block would, and what such calls are made of. It starts no
// server and no runtime. One thread at a time; threads make one each.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contract/settings.h"
#include "contract/state_store.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha::test {

using Fields = std::map<std::string, std::string>;

// As the runtime makes them: lower-case names.
inline Settings MakeSettings(std::string type, const Fields& fields) {
  std::map<std::string, Settings::Value, std::less<>> values;
  for (const auto& [name, text] : fields) {
    std::string lower;
    for (const char c : name) {
      lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    values[lower] = {text, false, 0};
  }
  return Settings({"orders", std::move(type), "v1", "app", "", "", "", 0}, std::move(values));
}

// One call: its waiter, and the context that points to it.
struct TestCall {
  explicit TestCall(Deadline deadline = Deadline::Never()) {
    context.deadline = deadline;
    context.waiter = &waiter;
    context.may_block = true;
  }

  Waiter waiter;
  CallContext context;
};

template <class T>
struct Caught {
  Done<T> Catch() {
    return [this](StatusOr<T> value) { result.emplace(std::move(value)); };
  }
  StatusOr<T> Take() { return result.has_value() ? *result : Internal("done did not run"); }

  std::optional<StatusOr<T>> result;
};

inline StateWrite SetOf(std::string_view key, std::string_view value) {
  StateWrite write;
  write.key = key;
  write.value = value;
  return write;
}

inline StateWrite JsonOf(std::string_view key, std::string_view value) {
  StateWrite write = SetOf(key, value);
  write.value_kind = ValueKind::kJson;
  return write;
}

inline StateWrite SetIf(std::string_view key, std::string_view value, std::string_view etag) {
  StateWrite write = SetOf(key, value);
  write.condition = Condition::kIfMatch;
  write.etag = etag;
  return write;
}

inline StateWrite CreateOf(std::string_view key, std::string_view value) {
  StateWrite write = SetOf(key, value);
  write.condition = Condition::kIfAbsent;
  return write;
}

inline StateWrite DeleteOf(std::string_view key) {
  StateWrite write;
  write.kind = StateWrite::Kind::kDelete;
  write.key = key;
  return write;
}

inline StateWrite DeleteIf(std::string_view key, std::string_view etag) {
  StateWrite write = DeleteOf(key);
  write.condition = Condition::kIfMatch;
  write.etag = etag;
  return write;
}

// Blocking calls that return what `done` got.
class StoreUser {
 public:
  explicit StoreUser(StateStore& store) : store_(store) {}

  StatusOr<StateValue> Get(std::string_view key, const CallContext* call = nullptr) {
    Caught<StateValue> caught;
    store_.Get(Or(call), key, {}, caught.Catch());
    return caught.Take();
  }
  StatusOr<std::vector<StatusOr<StateValue>>> GetMany(const std::vector<std::string_view>& keys) {
    Caught<std::vector<StatusOr<StateValue>>> caught;
    store_.GetMany(plain_.context, keys, {}, caught.Catch());
    return caught.Take();
  }
  StatusOr<Etag> Write(const StateWrite& write, const CallContext* call = nullptr) {
    Caught<Etag> caught;
    store_.Write(Or(call), write, caught.Catch());
    return caught.Take();
  }
  StatusOr<std::vector<WriteOutcome>> WriteMany(const std::vector<StateWrite>& writes,
                                                const CallContext* call = nullptr) {
    Caught<std::vector<WriteOutcome>> caught;
    store_.WriteMany(Or(call), writes, caught.Catch());
    return caught.Take();
  }
  StatusOr<std::vector<WriteOutcome>> Transact(const std::vector<StateWrite>& writes,
                                               const CallContext* call = nullptr) {
    Caught<std::vector<WriteOutcome>> caught;
    store_.Transact(Or(call), writes, caught.Catch());
    return caught.Take();
  }
  StatusOr<ListPage> List(const ListRequest& request) {
    Caught<ListPage> caught;
    store_.List(plain_.context, request, caught.Catch());
    return caught.Take();
  }
  // All keys, page by page, joined by blanks.
  std::string Keys(std::string_view prefix, size_t limit = 1000) {
    std::string keys;
    std::string position;
    do {
      const auto page = List({prefix, limit, position});
      if (!page.ok()) {
        return std::string(page.status().message());
      }
      for (const std::string& key : page->keys) {
        keys += (keys.empty() ? "" : " ") + key;
      }
      position = page->next;
    } while (!position.empty());
    return keys;
  }
  Status Ping(const CallContext* call = nullptr) { return store_.Ping(Or(call)); }

  // The value's bytes, or the status's code as text.
  std::string Read(std::string_view key) {
    const auto value = Get(key);
    return value.ok() ? std::string(value->data.view()) : CodeOf(value.status());
  }
  static std::string CodeOf(const Status& status) {
    return std::string("<") + NameOf(status.code()) + ">";
  }

 private:
  const CallContext& Or(const CallContext* call) const {
    return call == nullptr ? plain_.context : *call;
  }

  StateStore& store_;
  TestCall plain_;
};

}  // namespace mecha::test
