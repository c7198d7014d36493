// SPDX-License-Identifier: Apache-2.0
#include "plugins/plugin_secret_store.h"

#include "result/status.h"

namespace mecha {

void PluginSecretStore::Get(const CallContext& call, std::string_view name, Done<Secret> done) {
  mecha_secret_request request{};
  request.name = ViewOf(name);
  plugin_.Ask<Secret>(call, plugin_.type().secrets().get, request, {ReadSecret, 0, TaskKind::kRead},
                      std::move(done));
}

void PluginSecretStore::List(const CallContext& call, Done<SecretList> done) {
  if (plugin_.type().secrets().list == nullptr) {
    std::move(done)(Unimplemented("the plug-in cannot list its secrets; read them by name"));
    return;
  }
  plugin_.Ask<SecretList>(call, plugin_.type().secrets().list, mecha_secret_request{},
                          {ReadSecrets, 0, TaskKind::kRead}, std::move(done));
}

}  // namespace mecha
