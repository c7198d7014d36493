// SPDX-License-Identifier: Apache-2.0
#include "plugins/plugin_loader.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "modules/shared_file.h"
#include "plugins/plugin_pub_sub.h"
#include "plugins/plugin_secret_store.h"
#include "plugins/plugin_state_store.h"
#include "plugins/plugin_type.h"
#include "plugins/sized_table.h"

#define MECHA_TEXT_INNER(x) #x
#define MECHA_TEXT(x) MECHA_TEXT_INNER(x)

namespace mecha {
namespace {

constexpr char kVersion[] = MECHA_TEXT(MECHA_VERSION_MAJOR) "." MECHA_TEXT(
    MECHA_VERSION_MINOR) "." MECHA_TEXT(MECHA_VERSION_PATCH);
constexpr mecha_library kLibrary{sizeof(mecha_library), MECHA_SPI_VERSION, kVersion};

Status Unusable(std::string_view file, std::initializer_list<std::string_view> problem) {
  std::string message = "plug-in ";
  message += file;
  message += ' ';
  for (const std::string_view part : problem) {
    message += part;
  }
  return FailedPrecondition(message);
}

Status Refused(const std::string& file, const Status& why) {
  if (HasCode(why, StatusCode::kVersion)) {
    return Unusable(
        file, {"was built for a newer Mecha than this library, ", kVersion, ": ", why.message(),
               ". Install that release of Mecha, or a plug-in that was built for this "
               "one"});
  }
  return Unusable(file, {"is wrong: ", why.message(), ". Tell its makers"});
}

Status OpenPlugin(const std::string& file, Registry& registry) {
  ASSIGN_OR_RETURN(const Presence presence, Look(file, "plug-in"));
  if (presence == Presence::kAbsent) {
    return Unusable(file, {"is not there. Install it, or correct the setting plugins"});
  }
  ASSIGN_OR_RETURN(void* symbol, OpenSharedFile(file, MECHA_PLUGIN_ENTRY, "plug-in"));
  const auto entry = reinterpret_cast<mecha_plugin_entry_function>(symbol);
  return RegisterPlugin(entry(&kLibrary), file, registry);
}

// Who registered the type before; null when it is free, or `file` adds a further version.
const Registry::Entry* FindOwner(const PluginType& type, const std::string& file,
                                 const Registry& registry) {
  for (const Registry::Entry& entry : registry.entries()) {
    const bool is_other_version =
        entry.module_file == file && entry.info->version != type.info().version;
    const bool is_same =
        entry.info->type == type.info().type ||
        std::ranges::find(entry.info->aliases, type.info().type) != entry.info->aliases.end();
    if (is_same && !is_other_version) {
      return &entry;
    }
  }
  return nullptr;
}

Registry::Entry EntryOf(const std::shared_ptr<const PluginType>& type, const std::string& file) {
  Registry::Entry entry{&type->info(), MakeStateStore(), file};
  switch (type->table().kind) {
    case MECHA_COMPONENT_STATE:
      entry.make = MakeStateStore([type] { return std::make_unique<PluginStateStore>(type); });
      break;
    case MECHA_COMPONENT_SECRETS:
      entry.make = MakeSecretStore([type] { return std::make_unique<PluginSecretStore>(type); });
      break;
    default:  // PluginType has refused every other kind
      entry.make = MakePubSub([type] { return std::make_unique<PluginPubSub>(type); });
  }
  return entry;
}

Status AddType(const std::shared_ptr<const PluginType>& type, const std::string& file,
               Registry& registry) {
  const std::string_view name = type->info().type;
  const Registry::Entry* owner = FindOwner(*type, file, registry);
  if (owner != nullptr && !owner->module_file.empty()) {
    return Unusable(file, {"registers ", name, " ", type->info().version, ", which ",
                           owner->module_file, " has registered already. Name one of them only"});
  }
  if (owner != nullptr || registry.FindModule(name) != nullptr) {
    return Unusable(
        file, {"registers ", name, ", which is a type of the library's own. Give it another name"});
  }
  registry.Add(EntryOf(type, file));
  return OkStatus();
}

}  // namespace

Status LoadPlugins(std::span<const std::string> files, Registry& registry) {
  for (const std::string& file : files) {
    RETURN_IF_ERROR(OpenPlugin(file, registry));
  }
  return OkStatus();
}

Status RegisterPlugin(const mecha_plugin* plugin, const std::string& file, Registry& registry) {
  if (plugin == nullptr) {
    return Unusable(
        file, {"refuses this library, Mecha ", kVersion, ". Install one that is made for it"});
  }
  if (plugin->spi_version != MECHA_SPI_VERSION) {
    return Unusable(
        file, {"speaks version ", std::to_string(plugin->spi_version),
               " of the plug-in interface, and this library, Mecha ", kVersion, ", version ",
               std::to_string(MECHA_SPI_VERSION), ". Install a plug-in that was built for it"});
  }
  const mecha_plugin read = ReadTable(plugin);
  const std::string name = read.name == nullptr ? file : read.name;
  if (read.types == nullptr || read.type_count == 0) {
    return Unusable(file, {"has no component types. Tell its makers"});
  }
  for (size_t i = 0; i < read.type_count; ++i) {
    auto type = PluginType::Make(name, read.types[i]);
    if (!type.ok()) {
      return Refused(file, type.status());
    }
    RETURN_IF_ERROR(AddType(*type, file, registry));
  }
  return OkStatus();
}

}  // namespace mecha
