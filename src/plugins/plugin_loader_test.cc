// SPDX-License-Identifier: Apache-2.0
// What a plug-in's tables may say, without any file. Loading real files is tested in tests/plugins.
#include "plugins/plugin_loader.h"

#include <cstddef>
#include <string>
#include <vector>

#include "support/catch.h"

namespace mecha {
namespace {

void* Create(const mecha_host*) { return nullptr; }
void Init(void*, mecha_task) {}
void Close(void*) {}
void Get(void*, mecha_task, const mecha_store_get*) {}
void Write(void*, mecha_task, const mecha_store_apply*) {}
void GetSecret(void*, mecha_task, const mecha_secret_request*) {}

mecha_pubsub_functions BrokerFunctions() {
  mecha_pubsub_functions functions{};
  functions.struct_size = sizeof functions;
  functions.publish = [](void*, mecha_task, const mecha_broker_publish*) {};
  functions.open_feed = [](void*, const mecha_feed_request*) -> void* { return nullptr; };
  functions.subscribe = [](void*, mecha_task) {};
  functions.request = [](void*, uint64_t) {};
  functions.settle = [](void*, mecha_task, const mecha_feed_settle*) {};
  functions.stop = [](void*, mecha_task) {};
  functions.close_feed = [](void*) {};
  return functions;
}

// A plug-in with one good state store, to be made wrong.
struct Tables {
  Tables() {
    functions.struct_size = sizeof functions;
    functions.get = Get;
    functions.write = Write;
    secrets.struct_size = sizeof secrets;
    secrets.get = GetSecret;
    field = {.name = "path", .description = "Where", .default_text = "/tmp"};
    type.struct_size = sizeof type;
    type.kind = MECHA_COMPONENT_STATE;
    type.type = "state.mine";
    type.version = "v1";
    type.fields = &field;
    type.field_count = 1;
    type.state = &functions;
    type.secrets = &secrets;
    type.create = Create;
    type.init = Init;
    type.close = Close;
    plugin = {.struct_size = sizeof plugin,
              .spi_version = MECHA_SPI_VERSION,
              .name = "mine",
              .version = "1",
              .types = &types,
              .type_count = 1};
  }

  // Instead of the store.
  void BeBroker() {
    type.kind = MECHA_COMPONENT_PUBSUB;
    type.type = "pubsub.mine";
    type.pubsub = &broker;
  }

  Status Register() { return RegisterPlugin(&plugin, "/x/mine.so", registry); }

  mecha_state_functions functions{};
  mecha_secret_functions secrets{};
  mecha_pubsub_functions broker = BrokerFunctions();
  mecha_field field{};
  mecha_component_type type{};
  const mecha_component_type* types = &type;
  mecha_plugin plugin{};
  Registry registry;
};

bool Says(const Status& status, std::string_view part) {
  return status.message().find(part) != std::string_view::npos;
}

TEST_CASE("a type of a plug-in registers with what its tables say") {
  Tables tables;
  tables.type.capabilities = MECHA_CAN_ETAG | MECHA_CAN_TTL;
  tables.type.threads = MECHA_THREADS_BLOCKING;
  REQUIRE(tables.Register().ok());
  const Registry::Entry* entry = tables.registry.Find("state.mine", "v1");
  REQUIRE((entry != nullptr));
  CHECK(entry->module_file == "/x/mine.so");
  CHECK(entry->info->execution == Execution::kBlocking);
  CHECK(entry->info->SupportOf("etag") == Support::kNative);
  CHECK(entry->info->SupportOf("transaction") == Support::kNone);
  CHECK(entry->info->SupportOf("bulk_get") == Support::kEmulated);
  CHECK(entry->info->SupportOf("list") == Support::kNone);
  REQUIRE(entry->info->fields.size() == 2);
  CHECK(entry->info->fields[0].default_text == "/tmp");
  CHECK(entry->info->fields[1].name == "ttlInSeconds");
}

TEST_CASE("a secret store registers as one, and a type may have several versions") {
  Tables tables;
  tables.type.kind = MECHA_COMPONENT_SECRETS;
  tables.type.type = "secretstores.mine";
  REQUIRE(tables.Register().ok());
  CHECK(std::holds_alternative<MakeSecretStore>(
      tables.registry.Find("secretstores.mine", "v1")->make));
  tables.type.version = "v2";
  CHECK(tables.Register().ok());
  CHECK(Says(tables.Register(), "/x/mine.so has registered already"));
}

TEST_CASE("a broker registers as one, with what its tables say") {
  Tables tables;
  tables.BeBroker();
  tables.type.capabilities = MECHA_CAN_TTL | MECHA_CAN_DELAY | MECHA_HAS_BROKER_ID;
  REQUIRE(tables.Register().ok());
  const Registry::Entry* entry = tables.registry.Find("pubsub.mine", "v1");
  REQUIRE((entry != nullptr));
  CHECK(std::holds_alternative<MakePubSub>(entry->make));
  CHECK(entry->info->fields.size() == 1);  // a TTL is no field of a broker
  for (const auto& [name, support] :
       std::vector<std::pair<std::string_view, Support>>{{"publish_many", Support::kEmulated},
                                                         {"ttl", Support::kNative},
                                                         {"delayed_return", Support::kNative},
                                                         {"lease", Support::kNone},
                                                         {"order", Support::kNone},
                                                         {"durable", Support::kNone},
                                                         {"competing_consumers", Support::kNone},
                                                         {"attempts", Support::kNone},
                                                         {"keeps_events", Support::kNone},
                                                         {"broker_id", Support::kNative},
                                                         {"message_metadata", Support::kNone}}) {
    INFO(name);
    CHECK(entry->info->SupportOf(name) == support);
  }
}

TEST_CASE("a type of an older header has no broker's functions") {
  Tables tables;
  tables.BeBroker();
  tables.type.struct_size = offsetof(mecha_component_type, pubsub);
  CHECK(Says(tables.Register(), "a broker must have publish, open_feed"));
}

TEST_CASE("tables of an older and of a newer release are read as far as they are known") {
  struct Newer {
    mecha_component_type known;
    void* unknown[4];
  };
  Tables tables;
  tables.functions.list = [](void*, mecha_task, const mecha_store_list*) {};
  tables.functions.struct_size = offsetof(mecha_state_functions, list);
  Newer newer{tables.type, {&newer, &newer, &newer, &newer}};
  newer.known.struct_size = sizeof newer;
  tables.types = &newer.known;
  REQUIRE(tables.Register().ok());
  CHECK(tables.registry.Find("state.mine", "v1")->info->SupportOf("list") == Support::kNone);
}

TEST_CASE("a table that is wrong says where, and registers nothing") {
  using Spoil = void (*)(Tables&);
  const std::vector<std::pair<Spoil, std::string>> spoils = {
      {[](Tables& t) { t.plugin.spi_version = 2; }, "speaks version 2"},
      {[](Tables& t) { t.plugin.type_count = 0; }, "has no component types"},
      {[](Tables& t) { t.types = nullptr; }, "a component type is NULL"},
      {[](Tables& t) { t.type.kind = 9; }, "kind 9"},
      {[](Tables& t) { t.type.type = nullptr; }, "its name must be state."},
      {[](Tables& t) {
         t.type.struct_size = offsetof(mecha_component_type, type);
         t.type.type = reinterpret_cast<const char*>(1);  // whatever is there is not of the table
       },
       "its name must be state."},
      {[](Tables& t) { t.type.type = "secretstores.mine"; }, "its name must be state."},
      {[](Tables& t) { t.type.type = "state.Mine"; }, "small letters"},
      {[](Tables& t) { t.type.type = "state."; }, "its name must be state."},
      {[](Tables& t) { t.type.version = ""; }, "has no version"},
      {[](Tables& t) { t.type.create = nullptr; }, "create, init and close"},
      {[](Tables& t) { t.type.struct_size = offsetof(mecha_component_type, close); },
       "create, init and close"},
      {[](Tables& t) { t.type.state = nullptr; }, "must have get and write"},
      {[](Tables& t) { t.functions.write = nullptr; }, "must have get and write"},
      {[](Tables& t) { t.type.capabilities = MECHA_CAN_TRANSACTION; }, "has no apply"},
      {[](Tables& t) {
         t.BeBroker();
         t.type.type = "state.mine";
       },
       "its name must be pubsub."},
      {[](Tables& t) {
         t.BeBroker();
         t.broker.settle = nullptr;
       },
       "a broker must have publish, open_feed"},
      {[](Tables& t) {
         t.BeBroker();
         t.broker.lease_ns = [](void*) { return int64_t{1}; };
       },
       "has lease_ns and no renew"},
      {[](Tables& t) { t.type.capabilities = 1u << 31; },
       ": type state.mine: capability bit 31 is none that this library knows. Install that "
       "release"},
      {[](Tables& t) { t.type.capabilities = (1u << 31) | (1u << 20) | MECHA_CAN_TTL; },
       "capability bits 20, 31 is"},
      {[](Tables& t) { t.type.threads = 3; }, "threads 3 is none"},
      {[](Tables& t) { t.field.name = nullptr; }, "a field has no name"},
      {[](Tables& t) { t.field.type = 6; }, "built for a newer Mecha"},
  };
  for (const auto& [spoil, words] : spoils) {
    Tables tables;
    spoil(tables);
    const Status status = tables.Register();
    INFO(words << " / " << status.message());
    CHECK(IsFailedPrecondition(status));
    CHECK(Says(status, "plug-in /x/mine.so"));
    CHECK(Says(status, words));
    CHECK(tables.registry.entries().empty());
  }
}

TEST_CASE("a plug-in cannot take a type of the library's, nor one of its modules") {
  constexpr ComponentInfo kInside{.type = "state.inside", .version = "v1"};
  constexpr ModuleInfo kModules[] = {{"state.heavy", {}}};
  for (const char* type : {"state.inside", "state.heavy"}) {
    Tables tables;
    tables.registry.Add(kInside, MakeStateStore());
    tables.registry.SetModules(kModules);
    tables.type.type = type;
    tables.type.version = "v7";
    CHECK(Says(tables.Register(), "a type of the library's own"));
    CHECK(tables.registry.entries().size() == 1);
  }
}

}  // namespace
}  // namespace mecha
