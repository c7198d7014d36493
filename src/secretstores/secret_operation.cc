// SPDX-License-Identifier: Apache-2.0
#include "secretstores/secret_operation.h"

#include <string.h>

#include <utility>

#include "result/status.h"
#include "result/status_or.h"

namespace mecha {

void Wipe(std::string& text) { explicit_bzero(text.data(), text.size()); }

void Wipe(SecretList& secrets) {
  for (auto& [name, secret] : secrets) {
    for (auto& [key, value] : secret) {
      Wipe(value);
    }
  }
}

SecretOperation::SecretOperation(SecretBlock& block, const CallOptions& call, Verb verb,
                                 std::string_view name)
    : Operation(verb, block.service().MakeTarget(), call), block_(block), name_(name) {}

SecretOperation::~SecretOperation() {
  for (ResultItem& item : items_) {
    if (!item.value.is_null()) {
      explicit_bzero(item.value.mutable_data(), item.value.size());
    }
  }
  Wipe(secrets_);
}

void SecretOperation::Attempt() {
  if (verb() == Verb::kSecretList) {
    block_.store().List(context(), [this](StatusOr<SecretList> secrets) {
      Status status = secrets.status();
      if (status.ok()) {
        Record(*std::move(secrets));
      }
      AttemptDone(std::move(status));
    });
    return;
  }
  block_.store().Get(context(), name_, [this](StatusOr<Secret> secret) {
    Status status = secret.status();
    if (IsNotFound(status)) {
      status = NotFound();
    }
    if (status.ok()) {
      SecretList one;
      one.emplace(name_, *std::move(secret));
      Record(std::move(one));
    }
    AttemptDone(std::move(status));
  });
}

void SecretOperation::Record(SecretList secrets) {
  secrets_ = std::move(secrets);
  items_.clear();
  for (const auto& [name, secret] : secrets_) {
    if (!block_.Allows(name)) {
      continue;
    }
    for (const auto& [key, value] : secret) {
      ResultItem& item = items_.emplace_back();
      item.group = name;
      item.key = key;
      item.value = Buffer::CopyOf(value);
    }
  }
  SetItems(items_);
}

std::unique_ptr<Error> SecretOperation::MakeError(const Status& status) {
  return block_.service().MakeError(verb(), name_, status);
}

}  // namespace mecha
