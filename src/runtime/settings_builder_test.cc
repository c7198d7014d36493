// SPDX-License-Identifier: Apache-2.0
#include "runtime/settings_builder.h"

#include <utility>

#include "result/status.h"
#include "result/status_or.h"
#include "support/catch.h"

namespace mecha {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kTypes[] = {"node", "cluster"};

FieldInfo Field(std::string_view name, FieldType type = FieldType::kText,
                std::string_view default_text = {}, std::string_view unit = {}) {
  FieldInfo field;
  field.name = name;
  field.type = type;
  field.default_text = default_text;
  field.unit = unit;
  field.description = "What it means.";
  return field;
}

std::vector<FieldInfo> MakeFields() {
  std::vector<FieldInfo> fields = {
      Field("redisHost"),
      Field("redisPassword"),
      Field("redisDB", FieldType::kInteger, "0"),
      Field("factor", FieldType::kNumber),
      Field("enableTLS", FieldType::kBoolean, "false"),
      Field("timeout", FieldType::kDuration, "250", "ms"),
      Field("pause", FieldType::kDuration),
      Field("maxSize", FieldType::kBytes, "4Mi"),
      Field("redisType", FieldType::kText, "node"),
      Field("oldField"),
      Field("secretNumber", FieldType::kInteger),
  };
  fields[0].is_required = true;
  fields[1].is_sensitive = true;
  fields[8].values = kTypes;
  fields[9].is_ignored = true;
  fields[10].is_sensitive = true;
  return fields;
}

struct Fixture {
  std::vector<FieldInfo> fields = MakeFields();
  ComponentInfo info;
  ComponentDocument document;

  Fixture() {
    info.type = "state.redis";
    info.version = "v1";
    info.fields = fields;
    document.name = "orders";
    document.type = "state.redis";
    document.location = {"a.yaml", 3, 1};
    Set("redisHost", "localhost");
  }

  void Set(std::string name, std::string value) {
    MetadataItem item;
    item.name = std::move(name);
    item.value = std::move(value);
    item.location = {"a.yaml", 10 + static_cast<int>(document.metadata.size()), 14};
    document.metadata.push_back(std::move(item));
  }

  StatusOr<Settings> Build(Findings& findings) {
    std::vector<ResolvedItem> items;
    for (const MetadataItem& item : document.metadata) {
      items.push_back({item.name, item.value.value_or(""), false, item.location});
    }
    Settings::Identity identity;
    identity.app_id = "shop";
    return BuildSettings(document, info, items, std::move(identity), findings);
  }
};

// What CheckSettings says about one extra field, in `strictness`.
Findings Checked(std::string name, std::string value, Strictness strictness) {
  Fixture fixture;
  fixture.Set(std::move(name), std::move(value));
  Findings findings(strictness);
  CheckSettings(fixture.document, fixture.info, findings);
  return findings;
}

void CheckError(std::string name, std::string value, std::string_view wanted) {
  Findings findings = Checked(std::move(name), std::move(value), Strictness::kDapr);
  INFO(findings.ToStatus().message());
  CHECK(findings.ToStatus().message() == wanted);
}

void CheckWarning(std::string name, std::string_view wanted) {
  Findings findings = Checked(std::move(name), "x", Strictness::kStrict);
  CHECK(findings.ToStatus().ok());
  CHECK(findings.warnings() == std::vector<std::string>{std::string(wanted)});
}

TEST_CASE("fields arrive typed, in any case, with defaults") {
  Fixture fixture;
  fixture.Set("REDISdb", "7");
  fixture.Set("factor", "1.5");
  fixture.Set("enabletls", "Yes");
  fixture.Set("timeout", "1500");
  fixture.Set("pause", "-1m");
  fixture.Set("redisType", "CLUSTER");
  fixture.Set("keyPrefix", "name");
  Findings findings(Strictness::kStrict);
  CheckSettings(fixture.document, fixture.info, findings);
  const StatusOr<Settings> settings = fixture.Build(findings);
  INFO(settings.status().message());
  REQUIRE(settings.ok());
  CHECK(findings.warnings().empty());
  CHECK(settings->Text("redisHost") == "localhost");
  CHECK(settings->Integer("redisDB") == 7);
  CHECK(settings->Number("factor") == 1.5);
  CHECK(settings->Boolean("enableTLS"));
  CHECK(settings->Time("timeout") == 1500ms);
  CHECK(settings->Time("pause") == -1min);
  CHECK(settings->Bytes("maxSize") == 4194304);
  CHECK(settings->Text("redisType") == "cluster");
  CHECK(settings->Text("keyPrefix") == "name");
  CHECK_FALSE(settings->Has("redisPassword"));
  CHECK(settings->identity().name == "orders");
  CHECK(settings->identity().type == "state.redis");
  CHECK(settings->identity().app_id == "shop");
  CHECK(settings->identity().file == "a.yaml");
  CHECK(settings->identity().line == 3);
}

TEST_CASE("defaults use their unit and empty typed values count as absent") {
  Fixture fixture;
  fixture.Set("timeout", "");
  fixture.Set("redisDB", "");
  fixture.Set("redisPassword", "");
  Findings findings(Strictness::kStrict);
  const StatusOr<Settings> settings = fixture.Build(findings);
  REQUIRE(settings.ok());
  CHECK(settings->Time("timeout") == 250ms);
  CHECK(settings->Integer("redisDB") == 0);
  CHECK(settings->Has("redisPassword"));
}

TEST_CASE("an unknown name warns and names the nearest field") {
  CheckWarning("redisPasword",
               "a.yaml:11:14: state.redis has no field \"redisPasword\"; it has no effect. Did you "
               "mean \"redisPassword\"?");
  CheckWarning(
      "keyPrefx",
      "a.yaml:11:14: state.redis has no field \"keyPrefx\"; it has no effect. Did you mean "
      "\"keyPrefix\"?");
  CheckWarning("zzz",
               "a.yaml:11:14: state.redis has no field \"zzz\"; it has no effect. Remove it.");
}

TEST_CASE("a field without effect warns") {
  CheckWarning("oldfield", "a.yaml:11:14: \"oldField\" has no effect here. Remove it.");
  CheckWarning("actorStateStore", "a.yaml:11:14: \"actorStateStore\" has no effect yet.");
  CheckWarning("outboxPublishTopic", "a.yaml:11:14: \"outboxPublishTopic\" has no effect yet.");
}

TEST_CASE("a value of the wrong type is an error with place and fix") {
  CheckError("redisDB", "three",
             "a.yaml:11:14: \"redisDB\" is \"three\". It must be a whole number, like 10.");
  CheckError("factor", "1,5",
             "a.yaml:11:14: \"factor\" is \"1,5\". It must be a number, like 1.5.");
  CheckError("timeout", "soon",
             "a.yaml:11:14: \"timeout\" is \"soon\". It must be a duration, like 1m30s, or a whole "
             "number of ms.");
  CheckError("pause", "5",
             "a.yaml:11:14: \"pause\" is \"5\". It must be a duration with its unit, like 1m30s.");
  CheckError("maxSize", "big",
             "a.yaml:11:14: \"maxSize\" is \"big\". It must be a number of bytes, like 512Ki or "
             "100Mi.");
  CheckError("redisType", "sentinel",
             "a.yaml:11:14: \"redisType\" is \"sentinel\". It must be one of node, cluster.");
}

TEST_CASE("the value of a sensitive field is never shown") {
  CheckError("secretNumber", "hunter2",
             "a.yaml:11:14: \"secretNumber\" is ***. It must be a whole number, like 10.");
}

TEST_CASE("a bad boolean is an error in strict mode and false in Dapr's") {
  CHECK(Checked("enableTLS", "maybe", Strictness::kStrict).HasErrors());
  Fixture fixture;
  fixture.Set("enableTLS", "maybe");
  Findings findings(Strictness::kDapr);
  const StatusOr<Settings> settings = fixture.Build(findings);
  REQUIRE(settings.ok());
  CHECK_FALSE(settings->Boolean("enableTLS"));
  CHECK(findings.warnings().size() == 1);
}

TEST_CASE("a key for encryption comes from a secret store, in Dapr's mode too") {
  for (const Strictness strictness : {Strictness::kStrict, Strictness::kDapr}) {
    const Findings findings = Checked("primaryEncryptionKey", "00", strictness);
    CHECK(findings.ToStatus().code() == StatusCode::kFailedPrecondition);
    CHECK(Checked("secondaryencryptionkey", "00", strictness).HasErrors());
  }
  CHECK(Checked("primaryEncryptonKey", "00", Strictness::kDapr).HasErrors());
  CHECK(Checked("secondaryEncryptionkeys", "00", Strictness::kStrict).HasErrors());
  Fixture fixture;
  fixture.Set("primaryEncryptionKey", "00");
  fixture.document.metadata.back().secret = SecretReference{"key", {}};
  Findings findings(Strictness::kStrict);
  CheckSettings(fixture.document, fixture.info, findings);
  CHECK_FALSE(findings.HasErrors());
}

TEST_CASE("block fields belong to their block alone") {
  Fixture fixture;
  fixture.info.type = "secretstores.test";
  fixture.Set("keyPrefix", "name");
  Findings findings(Strictness::kStrict);
  CheckSettings(fixture.document, fixture.info, findings);
  CHECK(findings.warnings().size() == 1);
}

TEST_CASE("a misspelt limit of topics is an error because they would be open") {
  for (const Strictness strictness : {Strictness::kStrict, Strictness::kDapr}) {
    Fixture fixture;
    fixture.info.type = "pubsub.test";
    fixture.Set("allowedTopics", "orders");
    fixture.Set("PublishingScope", "shop=orders");
    Findings findings(strictness);
    CheckSettings(fixture.document, fixture.info, findings);
    CHECK(findings.ToStatus().message() ==
          "a.yaml:12:14: pubsub.test has no field \"PublishingScope\"; it has no effect. Did you "
          "mean \"publishingScopes\"?");
  }
}

TEST_CASE("a misspelt required field is named where it stands") {
  Fixture fixture;
  fixture.document.metadata.clear();
  fixture.Set("redisHots", "localhost");
  Findings findings(Strictness::kStrict);
  CheckSettings(fixture.document, fixture.info, findings);
  CHECK(findings.ToStatus().message() ==
        "a.yaml:10:14: state.redis has no field \"redisHots\", and the one it needs is missing. "
        "Did you mean \"redisHost\"?");
}

TEST_CASE("a missing required field is an error, and a reference counts as given") {
  Fixture fixture;
  fixture.document.metadata.clear();
  Findings missing(Strictness::kDapr);
  CheckSettings(fixture.document, fixture.info, missing);
  CHECK(missing.ToStatus().message() ==
        "a.yaml:3:1: \"redisHost\" is missing. state.redis needs it: add it to spec.metadata (What "
        "it means.)");
  fixture.Set("redisHost", "");
  Findings empty(Strictness::kDapr);
  CheckSettings(fixture.document, fixture.info, empty);
  CHECK(empty.ToStatus().message().starts_with("a.yaml:10:14: \"redisHost\" is empty."));
  fixture.document.metadata[0].secret = SecretReference{"redis", "host"};
  Findings given(Strictness::kStrict);
  CheckSettings(fixture.document, fixture.info, given);
  CHECK_FALSE(given.HasErrors());
  // The secret turned out to be empty.
  Findings built(Strictness::kDapr);
  CHECK_FALSE(fixture.Build(built).ok());
}

TEST_CASE("a value that is filled in later is checked later") {
  Fixture fixture;
  fixture.Set("redisDB", "{appID}");
  Findings findings(Strictness::kStrict);
  CheckSettings(fixture.document, fixture.info, findings);
  CHECK_FALSE(findings.HasErrors());
  CHECK(fixture.Build(findings).status().code() == StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace mecha
