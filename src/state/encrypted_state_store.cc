// SPDX-License-Identifier: Apache-2.0
#include "state/encrypted_state_store.h"

#include <utility>

namespace mecha {

// Writes with their encrypted values. It lives until the store has answered.
struct EncryptedStateStore::Sealed {
  std::vector<StateWrite> writes;
  std::vector<Buffer> values;
};

Status EncryptedStateStore::Init(const CallContext& call, const Settings& settings, Host& host) {
  const StatusOr<Cryptography*> cryptography = host.LoadCryptography();
  if (!cryptography.ok()) {
    return WithPrefix(cryptography.status(), "primaryEncryptionKey");
  }
  ASSIGN_OR_RETURN(cipher_,
                   ValueCipher::Make(**cryptography, host,
                                     {names_.primary, settings.Text("primaryEncryptionKey")},
                                     {names_.secondary, settings.Text("secondaryEncryptionKey")}));
  return store_->Init(call, settings, host);
}

void EncryptedStateStore::Decrypt(StatusOr<StateValue>& value) const {
  if (!value.ok()) {
    return;
  }
  StatusOr<Buffer> plain = cipher_->Open(value->data.view());
  if (plain.ok()) {
    value->data = *std::move(plain);
  } else {
    value = plain.status();
  }
}

StatusOr<std::unique_ptr<EncryptedStateStore::Sealed>> EncryptedStateStore::Encrypt(
    std::span<const StateWrite> writes) {
  auto sealed = std::make_unique<Sealed>();
  sealed->writes.assign(writes.begin(), writes.end());
  for (StateWrite& write : sealed->writes) {
    if (write.kind == StateWrite::Kind::kSet) {
      ASSIGN_OR_RETURN(Buffer value, cipher_->Seal(write.value));
      write.value = value.view();
      write.value_kind = ValueKind::kBinary;
      sealed->values.push_back(std::move(value));
    }
  }
  return sealed;
}

void EncryptedStateStore::Get(const CallContext& call, std::string_view key, const StateRead& read,
                              Done<StateValue> done) {
  store_->Get(call, key, read, [this, done = std::move(done)](StatusOr<StateValue> value) mutable {
    Decrypt(value);
    std::move(done)(std::move(value));
  });
}

void EncryptedStateStore::GetMany(const CallContext& call, std::span<const std::string_view> keys,
                                  const StateRead& read,
                                  Done<std::vector<StatusOr<StateValue>>> done) {
  store_->GetMany(
      call, keys, read,
      [this, done = std::move(done)](StatusOr<std::vector<StatusOr<StateValue>>> values) mutable {
        if (values.ok()) {
          for (StatusOr<StateValue>& value : *values) {
            Decrypt(value);
          }
        }
        std::move(done)(std::move(values));
      });
}

void EncryptedStateStore::Write(const CallContext& call, const StateWrite& write, Done<Etag> done) {
  auto sealed = Encrypt({&write, 1});
  if (!sealed.ok()) {
    std::move(done)(sealed.status());
    return;
  }
  const StateWrite& encrypted = (*sealed)->writes.front();
  store_->Write(call, encrypted,
                [kept = *std::move(sealed), done = std::move(done)](StatusOr<Etag> etag) mutable {
                  std::move(done)(std::move(etag));
                });
}

void EncryptedStateStore::Forward(WriteVerb verb, const CallContext& call,
                                  std::span<const StateWrite> writes,
                                  Done<std::vector<WriteOutcome>> done) {
  auto sealed = Encrypt(writes);
  if (!sealed.ok()) {
    std::move(done)(sealed.status());
    return;
  }
  const std::span<const StateWrite> encrypted = (*sealed)->writes;
  ((*store_).*verb)(call, encrypted,
                    [kept = *std::move(sealed),
                     done = std::move(done)](StatusOr<std::vector<WriteOutcome>> outcomes) mutable {
                      std::move(done)(std::move(outcomes));
                    });
}

}  // namespace mecha
