// SPDX-License-Identifier: Apache-2.0
// SecretClient: the C functions of secretstores.h for one store, with answers as plain values.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "conformance/test_runtime.h"

namespace conformance {

using Secrets = std::map<std::string, std::map<std::string, std::string>>;

class SecretClient {
 public:
  explicit SecretClient(mecha_runtime* runtime, std::string store = "store")
      : runtime_(runtime), store_(std::move(store)) {}

  Answer Get(std::string_view name, const mecha_call* call = nullptr) const {
    mecha_result* result = nullptr;
    const mecha_status status =
        mecha_secret_get(runtime_, call, ViewOf(store_), ViewOf(name), nullptr, &result);
    return TakeAnswer(status, result);
  }
  Answer List(const mecha_call* call = nullptr) const {
    mecha_result* result = nullptr;
    const mecha_status status = mecha_secret_list(runtime_, call, ViewOf(store_), nullptr, &result);
    return TakeAnswer(status, result);
  }

 private:
  mecha_runtime* runtime_;
  std::string store_;
};

// The items of an answer, by secret and key.
inline Secrets SecretsOf(const Answer& answer) {
  Secrets secrets;
  for (const Item& item : answer.items) {
    secrets[item.group][item.key] = item.value;
  }
  return secrets;
}

// What the harness says the store must show.
inline Secrets KnownSecrets() {
  Secrets secrets;
  for (const KnownSecret& secret : kHarness.secrets) {
    secrets[std::string(secret.name)][std::string(secret.key)] = secret.value;
  }
  return secrets;
}

// A back-end and a runtime on it, with further documents.
struct SecretWorld {
  explicit SecretWorld(std::vector<std::string> texts = {})
      : runtime(back_end, SetupOf(std::move(texts))) {}

  static RuntimeSetup SetupOf(std::vector<std::string> texts) {
    RuntimeSetup setup;
    setup.texts = std::move(texts);
    setup.uses_environment = true;
    return setup;
  }

  BackEnd back_end;
  TestRuntime runtime;
  SecretClient store{runtime.get()};
};

}  // namespace conformance
