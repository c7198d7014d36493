// SPDX-License-Identifier: Apache-2.0
// EncryptedStateStore: a state store whose values only the holders of a key can read. It stands
// between the block and the component, encrypts what is written and decrypts what is read. Keys,
// etags and expiry stay readable. It owns the component.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contract/state_store.h"
#include "state/value_cipher.h"

namespace mecha {

class EncryptedStateStore final : public StateStore {
 public:
  // The names of the secrets that hold the keys, which Dapr keeps with each value; their hex digits
  // come with the Settings. `secondary` empty: none.
  struct SecretNames {
    std::string primary;
    std::string secondary;
  };

  EncryptedStateStore(std::unique_ptr<StateStore> store, SecretNames names)
      : store_(std::move(store)), names_(std::move(names)) {}

  // Needs the module tls.so.
  Status Init(const CallContext& call, const Settings& settings, Host& host) override;
  Status Ping(const CallContext& call) override { return store_->Ping(call); }
  void Suspend(bool keep_connections) override { store_->Suspend(keep_connections); }
  Status Resume(const CallContext& call) override { return store_->Resume(call); }
  void Close() override { store_->Close(); }

  void Get(const CallContext& call, std::string_view key, const StateRead& read,
           Done<StateValue> done) override;
  void GetMany(const CallContext& call, std::span<const std::string_view> keys,
               const StateRead& read, Done<std::vector<StatusOr<StateValue>>> done) override;
  void Write(const CallContext& call, const StateWrite& write, Done<Etag> done) override;
  void WriteMany(const CallContext& call, std::span<const StateWrite> writes,
                 Done<std::vector<WriteOutcome>> done) override {
    Forward(&StateStore::WriteMany, call, writes, std::move(done));
  }
  void Transact(const CallContext& call, std::span<const StateWrite> writes,
                Done<std::vector<WriteOutcome>> done) override {
    Forward(&StateStore::Transact, call, writes, std::move(done));
  }
  void List(const CallContext& call, const ListRequest& request, Done<ListPage> done) override {
    store_->List(call, request, std::move(done));
  }
  void Query(const CallContext&, const QueryRequest&, Done<QueryPage> done) override {
    std::move(done)(FailedPrecondition(
        "the store's values are encrypted, so nothing can be searched in them; get them by key, or "
        "remove primaryEncryptionKey"));
  }

 private:
  struct Sealed;
  using WriteVerb = void (StateStore::*)(const CallContext& call,
                                         std::span<const StateWrite> writes,
                                         Done<std::vector<WriteOutcome>> done);

  void Decrypt(StatusOr<StateValue>& value) const;
  StatusOr<std::unique_ptr<Sealed>> Encrypt(std::span<const StateWrite> writes);
  void Forward(WriteVerb verb, const CallContext& call, std::span<const StateWrite> writes,
               Done<std::vector<WriteOutcome>> done);

  const std::unique_ptr<StateStore> store_;
  const SecretNames names_;
  std::unique_ptr<ValueCipher> cipher_;
};

}  // namespace mecha
