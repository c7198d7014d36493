// SPDX-License-Identifier: Apache-2.0
// secretstores.local.env: each environment variable is a secret with one key, its own name.
// Choosing this component is the permission to read the environment; `use_environment` is about the
// rest. Threads: it keeps nothing but its prefix.
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "call/environment.h"
#include "contract/component_info.h"
#include "contract/registry.h"
#include "contract/secret_store.h"
#include "result/status.h"

namespace MECHA_COMPONENT {
namespace {

class LocalEnvSecretStore final : public SecretStore {
 public:
  Status Init(const CallContext&, const Settings& settings, Host&) override {
    prefix_ = settings.Text("prefix");
    return OkStatus();
  }
  Status Ping(const CallContext&) override { return OkStatus(); }
  void Suspend(bool) override {}
  Status Resume(const CallContext&) override { return OkStatus(); }
  void Close() override {}

  void Get(const CallContext&, std::string_view name, Done<Secret> done) override;
  void List(const CallContext&, Done<SecretList> done) override;

 private:
  std::string prefix_;
};

void LocalEnvSecretStore::Get(const CallContext&, std::string_view name, Done<Secret> done) {
  const std::string variable = prefix_ + std::string(name);
  if (!MayShowEnvironmentName(variable)) {
    std::move(done)(Status(
        StatusCode::kPermissionDenied,
        "the variable \"" + variable.substr(0, 64) + "\" is never given out; use another name"));
    return;
  }
  std::optional<std::string> value = ReadEnvironment(variable);
  if (!value.has_value()) {
    std::move(done)(NotFound());
    return;
  }
  std::move(done)(Secret{{std::string(name), *std::move(value)}});
}

void LocalEnvSecretStore::List(const CallContext&, Done<SecretList> done) {
  SecretList secrets;
  for (const std::string& variable : EnvironmentNames(prefix_)) {
    std::string name = variable.substr(prefix_.size());
    if (name.empty() || !MayShowEnvironmentName(variable)) {
      continue;
    }
    Secret secret{{name, ReadEnvironment(variable).value_or("")}};
    secrets.emplace(std::move(name), std::move(secret));
  }
  std::move(done)(std::move(secrets));
}

}  // namespace

extern const ComponentInfo kComponentInfo;

namespace {

std::unique_ptr<SecretStore> Make() { return std::make_unique<LocalEnvSecretStore>(); }

}  // namespace

MECHA_RUNS_AT_START void Register(Registry& registry) { registry.Add(kComponentInfo, Make); }

}  // namespace MECHA_COMPONENT
