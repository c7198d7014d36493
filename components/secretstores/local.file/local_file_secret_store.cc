// SPDX-License-Identifier: Apache-2.0
// secretstores.local.file: secrets of a JSON file, read once in Init. It does not watch the file.
// Threads: the secrets do not change between Init and Close, so reads take no lock.
#include <strings.h>

#include <memory>
#include <string>
#include <utility>

#include "call/read_file.h"
#include "contract/component_info.h"
#include "contract/registry.h"
#include "contract/secret_store.h"
#include "result/status.h"
#include "result/status_or.h"
#include "secret_file.h"

namespace MECHA_COMPONENT {
namespace {

constexpr size_t kMostFileBytes = 16 << 20;

class LocalFileSecretStore final : public SecretStore {
 public:
  ~LocalFileSecretStore() override { Wipe(); }

  Status Init(const CallContext&, const Settings& settings, Host&) override;
  Status Ping(const CallContext&) override { return OkStatus(); }
  void Suspend(bool) override {}
  Status Resume(const CallContext&) override { return OkStatus(); }
  void Close() override { Wipe(); }

  void Get(const CallContext&, std::string_view name, Done<Secret> done) override;
  void List(const CallContext&, Done<SecretList> done) override { std::move(done)(secrets_); }

 private:
  void Wipe();

  SecretList secrets_;
};

void WipeText(std::string& text) { explicit_bzero(text.data(), text.size()); }

Status LocalFileSecretStore::Init(const CallContext&, const Settings& settings, Host&) {
  const std::string path(settings.Text("secretsFile"));
  StatusOr<std::string> content = ReadFile(path, kMostFileBytes);
  if (!content.ok()) {
    return WithPrefix(content.status(), "secretsFile");
  }
  SecretFileOptions options;
  const std::string_view separator = settings.Text("nestedSeparator");
  options.separator = separator.empty() ? ":" : separator;
  options.is_multi_valued = settings.Boolean("multiValued");
  StatusOr<SecretList> secrets = ParseSecretFile(*content, options);
  WipeText(*content);
  if (!secrets.ok()) {
    return WithPrefix(secrets.status(), "secretsFile: " + path);
  }
  Wipe();
  secrets_ = *std::move(secrets);
  return OkStatus();
}

void LocalFileSecretStore::Get(const CallContext&, std::string_view name, Done<Secret> done) {
  const auto secret = secrets_.find(name);
  if (secret == secrets_.end()) {
    std::move(done)(NotFound());
    return;
  }
  std::move(done)(secret->second);
}

void LocalFileSecretStore::Wipe() {
  for (auto& [name, secret] : secrets_) {
    for (auto& [key, value] : secret) {
      WipeText(value);
    }
  }
  secrets_.clear();
}

}  // namespace

extern const ComponentInfo kComponentInfo;

namespace {

std::unique_ptr<SecretStore> Make() { return std::make_unique<LocalFileSecretStore>(); }

}  // namespace

MECHA_RUNS_AT_START void Register(Registry& registry) { registry.Add(kComponentInfo, Make); }

}  // namespace MECHA_COMPONENT
