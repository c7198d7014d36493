// SPDX-License-Identifier: Apache-2.0
#include "plugins/plugin_type.h"

#include <algorithm>
#include <bit>
#include <span>
#include <utility>

#include "encoding/ascii.h"
#include "plugins/sized_table.h"

namespace mecha {
namespace {

constexpr uint32_t kAllCapabilities = (MECHA_HAS_BROKER_ID << 1) - 1;
constexpr std::string_view kTtlField = "ttlInSeconds";

std::string_view TextOrNothing(const char* text) {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

// Empty for a kind that is not known.
std::string_view PrefixOf(uint32_t kind) {
  switch (kind) {
    case MECHA_COMPONENT_STATE:
      return "state.";
    case MECHA_COMPONENT_SECRETS:
      return "secretstores.";
    case MECHA_COMPONENT_PUBSUB:
      return "pubsub.";
    default:
      return {};
  }
}

// What Dapr's types are made of.
bool IsTypeName(std::string_view type, std::string_view prefix) {
  return type.starts_with(prefix) && type.size() > prefix.size() &&
         std::ranges::all_of(type, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
                  c == '_';
         });
}

Execution ExecutionOf(uint32_t threads) {
  switch (threads) {
    case MECHA_THREADS_INLINE:
      return Execution::kInline;
    case MECHA_THREADS_BLOCKING:
      return Execution::kBlocking;
    default:
      return Execution::kQuick;
  }
}

// The table has what came into the interface after this library. Not to be passed over: what the
// plug-in says of itself would then be half known.
Status Newer(const std::string& what) {
  return Status(StatusCode::kVersion, what + " is none that this library knows");
}

// "capability bits 13, 31"
std::string NameBits(uint32_t bits) {
  std::string names = std::popcount(bits) == 1 ? "capability bit" : "capability bits";
  for (const char* separator = " "; bits != 0; bits &= bits - 1) {
    names += std::string(separator) + std::to_string(std::countr_zero(bits));
    separator = ", ";
  }
  return names;
}

std::span<const mecha_field> FieldsOf(const mecha_component_type& table) {
  return {table.fields, table.fields == nullptr ? 0 : table.field_count};
}

}  // namespace

StatusOr<std::shared_ptr<const PluginType>> PluginType::Make(std::string plugin,
                                                             const mecha_component_type* table) {
  if (table == nullptr) {
    return InvalidArgument("a component type is NULL");
  }
  std::shared_ptr<PluginType> type(new PluginType(std::move(plugin), ReadTable(table)));
  const Status checked = type->Check();
  if (!checked.ok()) {
    return WithPrefix(checked, "type " + std::string(TextOrNothing(type->table_.type)));
  }
  type->FillFields();
  type->FillCapabilities();
  type->info_ = {.type = type->table_.type,
                 .version = type->table_.version,
                 .status = TextOrNothing(type->table_.status),
                 .description = TextOrNothing(type->table_.description),
                 .execution = ExecutionOf(type->table_.threads),
                 .is_embedded = (type->table_.capabilities & MECHA_IS_EMBEDDED) != 0,
                 .fields = type->fields_,
                 .capabilities = type->capabilities_};
  return std::shared_ptr<const PluginType>(std::move(type));
}

PluginType::PluginType(std::string plugin, const mecha_component_type& table)
    : plugin_(std::move(plugin)),
      table_(table),
      state_(ReadTable(table.state)),
      secrets_(ReadTable(table.secrets)),
      pubsub_(ReadTable(table.pubsub)) {}

Status PluginType::Check() const {
  const std::string prefix(PrefixOf(table_.kind));
  if (prefix.empty()) {
    return Newer("kind " + std::to_string(table_.kind));
  }
  if (!IsTypeName(TextOrNothing(table_.type), prefix)) {
    return InvalidArgument("its name must be " + prefix + " and small letters, digits, dots, bars");
  }
  if (TextOrNothing(table_.version).empty()) {
    return InvalidArgument("it has no version; \"v1\" is usual");
  }
  if (table_.create == nullptr || table_.init == nullptr || table_.close == nullptr) {
    return InvalidArgument("create, init and close must all be there");
  }
  RETURN_IF_ERROR(CheckFunctions());
  if (table_.threads > MECHA_THREADS_BLOCKING) {
    return Newer("threads " + std::to_string(table_.threads));
  }
  if (Can(~kAllCapabilities)) {
    return Newer(NameBits(table_.capabilities & ~kAllCapabilities));
  }
  return CheckFields();
}

Status PluginType::CheckFunctions() const {
  if (table_.kind == MECHA_COMPONENT_PUBSUB) {
    return CheckBroker();
  }
  const bool is_state = table_.kind == MECHA_COMPONENT_STATE;
  if (is_state && (state_.get == nullptr || state_.write == nullptr)) {
    return InvalidArgument("a state store must have get and write");
  }
  if (!is_state && secrets_.get == nullptr) {
    return InvalidArgument("a secret store must have get");
  }
  if (Can(MECHA_CAN_TRANSACTION) && state_.apply == nullptr) {
    return InvalidArgument("it says MECHA_CAN_TRANSACTION and has no apply");
  }
  return OkStatus();
}

Status PluginType::CheckBroker() const {
  if (pubsub_.publish == nullptr || pubsub_.open_feed == nullptr || pubsub_.subscribe == nullptr ||
      pubsub_.request == nullptr || pubsub_.settle == nullptr || pubsub_.stop == nullptr ||
      pubsub_.close_feed == nullptr) {
    return InvalidArgument(
        "a broker must have publish, open_feed, subscribe, request, settle, stop and close_feed");
  }
  if (pubsub_.lease_ns != nullptr && pubsub_.renew == nullptr) {
    return InvalidArgument("it has lease_ns and no renew");
  }
  return OkStatus();
}

Status PluginType::CheckFields() const {
  for (const mecha_field& field : FieldsOf(table_)) {
    if (TextOrNothing(field.name).empty()) {
      return InvalidArgument("a field has no name");
    }
    if (field.type > MECHA_FIELD_BYTES) {
      return Newer("type " + std::to_string(field.type) + " of field " + field.name);
    }
  }
  return OkStatus();
}

void PluginType::FillFields() {
  for (const mecha_field& field : FieldsOf(table_)) {
    fields_.push_back({.name = field.name,
                       .type = static_cast<FieldType>(field.type),
                       .default_text = TextOrNothing(field.default_text),
                       .description = TextOrNothing(field.description),
                       .is_required = (field.flags & MECHA_FIELD_REQUIRED) != 0,
                       .is_sensitive = (field.flags & MECHA_FIELD_SENSITIVE) != 0});
  }
  if (table_.kind == MECHA_COMPONENT_STATE && Can(MECHA_CAN_TTL) &&
      FindField(kTtlField) == nullptr) {
    fields_.push_back({.name = kTtlField,
                       .type = FieldType::kInteger,
                       .description = "Lifetime of values written without one of their own; kept "
                                      "for ever when absent"});
  }
}

void PluginType::AddCapability(std::string_view name, bool is_native, Support otherwise) {
  capabilities_.push_back({name, is_native ? Support::kNative : otherwise});
}

void PluginType::FillCapabilities() {
  if (table_.kind == MECHA_COMPONENT_SECRETS) {
    AddCapability("list", secrets_.list != nullptr);
  } else if (table_.kind == MECHA_COMPONENT_STATE) {
    FillStateCapabilities();
  } else {
    FillBrokerCapabilities();
  }
}

void PluginType::FillStateCapabilities() {
  AddCapability("etag", Can(MECHA_CAN_ETAG));
  AddCapability("first_write", Can(MECHA_CAN_ETAG));
  AddCapability("transaction", Can(MECHA_CAN_TRANSACTION));
  AddCapability("ttl", Can(MECHA_CAN_TTL));
  AddCapability("list", state_.list != nullptr);
  AddCapability("query", false);
  AddCapability("bulk_get", state_.get_many != nullptr, Support::kEmulated);
  AddCapability("bulk_write", state_.apply != nullptr, Support::kEmulated);
  AddCapability("strong_consistency", Can(MECHA_CAN_STRONG));
  AddCapability("json_flag", Can(MECHA_CAN_JSON));
  AddCapability("json_normalised", false);
  AddCapability("durable", Can(MECHA_IS_DURABLE));
  AddCapability("any_key", Can(MECHA_CAN_ANY_KEY));
  AddCapability("long_key", Can(MECHA_CAN_LONG_KEY));
}

void PluginType::FillBrokerCapabilities() {
  AddCapability("publish_many", pubsub_.publish_many != nullptr, Support::kEmulated);
  AddCapability("ttl", Can(MECHA_CAN_TTL));
  AddCapability("delayed_return", Can(MECHA_CAN_DELAY));
  AddCapability("lease", pubsub_.lease_ns != nullptr);
  AddCapability("order", Can(MECHA_CAN_ORDER));
  AddCapability("durable", Can(MECHA_IS_DURABLE));
  AddCapability("competing_consumers", Can(MECHA_CAN_SHARE));
  AddCapability("attempts", Can(MECHA_CAN_COUNT));
  AddCapability("keeps_events", false);
  AddCapability("broker_id", Can(MECHA_HAS_BROKER_ID));
  AddCapability("message_metadata", Can(MECHA_CAN_METADATA));
}

const FieldInfo* PluginType::FindField(std::string_view name) const {
  const auto found = std::ranges::find_if(
      fields_, [name](const FieldInfo& field) { return EqualsIgnoringCase(field.name, name); });
  return found == fields_.end() ? nullptr : &*found;
}

}  // namespace mecha
