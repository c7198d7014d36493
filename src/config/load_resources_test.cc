// SPDX-License-Identifier: Apache-2.0
#include "config/load_resources.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "result/status.h"
#include "result/status_or.h"
#include "support/catch.h"
#include "support/config/resource_texts.h"

namespace mecha {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using test::CheckHolds;
using test::CheckRefused;
using test::Load;
using test::Loaded;
using test::OptionsOf;

// A private folder, removed at the end.
class Folder {
 public:
  Folder() {
    char path[] = "/tmp/mecha-load-XXXXXX";
    REQUIRE(mkdtemp(path) != nullptr);
    path_ = path;
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::string& path() const { return path_; }
  std::string Write(const std::string& name, const std::string& text) const {
    std::string file = path_ + "/" + name;
    std::ofstream(file) << text;
    return file;
  }

 private:
  std::string path_;
};

std::string Component(std::string_view name, std::string_view more = {}) {
  return "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: " + std::string(name) +
         "\nspec:\n  type: state.in-memory\n  version: v1\n" + std::string(more);
}

// Strict mode refuses `text` with a message that holds `wanted`; Dapr's mode warns with the same.
void CheckLenient(const std::string& text, std::string_view wanted) {
  INFO(text);
  const Status status = Load(text).status();
  CHECK(status.code() == StatusCode::kInvalidArgument);
  CheckHolds(status.message(), wanted);
  const ResourceSet resources = Loaded(text, Strictness::kDapr);
  REQUIRE_FALSE(resources.warnings.empty());
  CheckHolds(resources.warnings[0], wanted);
}

void CheckWarning(const std::string& text, std::string_view wanted) {
  INFO(text);
  const ResourceSet resources = Loaded(text);
  REQUIRE(resources.warnings.size() == 1);
  CheckHolds(resources.warnings[0], wanted);
}

TEST_CASE("a component is read with everything it says") {
  const ResourceSet resources = Loaded(R"(apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: orders
  namespace: production
  labels: {a: b}
spec:
  type: State.Redis
  version: v1
  ignoreErrors: true
  initTimeout: 1m30s
  metadata:
    - name: redisHost
      value: "localhost:6379"
    - name: redisDB
      value: 3
    - name: redisPassword
      secretKeyRef:
        name: redis
        key: password
    - name: redisUsername
      envRef: REDIS_USER
    - name: hosts
      value: [a, "1", 2, {on: true, n: ~}]
    - name: nothing
      value:
auth:
  secretStore: vault
scopes: [shop, other]
)");
  CHECK(resources.warnings.empty());
  REQUIRE(resources.components.size() == 1);
  const ComponentDocument& component = resources.components[0];
  CHECK(component.name == "orders");
  CHECK(component.name_space == "production");
  CHECK(component.type == "state.redis");
  CHECK(component.version == "v1");
  CHECK(component.ignores_errors);
  CHECK(component.init_timeout == 90s);
  CHECK(component.secret_store == "vault");
  CHECK(component.scopes == std::vector<std::string>{"shop", "other"});
  CHECK(ToText(component.location) == "text 1:1:1");
  REQUIRE(component.metadata.size() == 6);
  CHECK(component.metadata[0].value == "localhost:6379");
  CHECK(component.metadata[0].was_text);
  CHECK(ToText(component.metadata[0].location) == "text 1:14:14");
  CHECK(component.metadata[1].value == "3");
  CHECK_FALSE(component.metadata[1].was_text);
  REQUIRE(component.metadata[2].secret.has_value());
  CHECK(component.metadata[2].secret->name == "redis");
  CHECK(component.metadata[2].secret->key == "password");
  CHECK_FALSE(component.metadata[2].value.has_value());
  CHECK(component.metadata[3].environment_name == "REDIS_USER");
  CHECK(component.metadata[4].value == R"(["a","1",2,{"on":true,"n":null}])");
  CHECK_FALSE(component.metadata[5].value.has_value());
}

TEST_CASE("what a component leaves out has defaults") {
  const ResourceSet resources = Loaded(Component("orders"));
  REQUIRE(resources.components.size() == 1);
  CHECK(resources.components[0].init_timeout == 5s);
  CHECK_FALSE(resources.components[0].ignores_errors);
  CHECK(resources.components[0].metadata.empty());
  CHECK(resources.components[0].scopes.empty());
}

TEST_CASE("folders are read in the order of their names and only their YAML files") {
  const Folder folder;
  folder.Write("b.yaml", Component("b1") + "---\n" + Component("b2"));
  folder.Write("a.yml", Component("a"));
  folder.Write("notes.txt", "not: [yaml");
  fs::create_directory(folder.path() + "/below");
  folder.Write("below/c.yaml", Component("c"));
  const Folder second;
  const std::string file = second.Write("odd.name", Component("file"));
  const auto resources = LoadResources(OptionsOf(), {{folder.path(), file}, {Component("text")}});
  REQUIRE(resources.ok());
  std::vector<std::string> names;
  for (const ComponentDocument& component : resources->components) {
    names.push_back(component.name);
  }
  CHECK(names == std::vector<std::string>{"a", "b1", "b2", "file", "text"});
  CHECK(ToText(resources->components[2].location) == folder.path() + "/b.yaml:9:1");
  REQUIRE(resources->warnings.size() == 1);
  CHECK(resources->warnings[0].starts_with(folder.path() + "/notes.txt: not read"));
}

TEST_CASE("a path that does not exist is an error and an empty folder a warning") {
  const auto missing = LoadResources(OptionsOf(), {{"/no/such/folder"}, {}});
  CHECK(missing.status().code() == StatusCode::kNotFound);
  CHECK(missing.status().message().starts_with("/no/such/folder: no such"));
  const Folder folder;
  const auto empty = LoadResources(OptionsOf(), {{folder.path()}, {}});
  REQUIRE(empty.ok());
  CHECK(empty->warnings.size() == 1);
}

TEST_CASE("two components of one name are an error that names both places") {
  const Folder folder;
  const std::string first = folder.Write("a.yaml", Component("orders"));
  const std::string second = folder.Write("b.yaml", Component("orders", "scopes: [other]\n"));
  for (const Strictness strictness : {Strictness::kStrict, Strictness::kDapr}) {
    const Status status = LoadResources(OptionsOf(strictness), {{folder.path()}, {}}).status();
    CHECK(status.code() == StatusCode::kAlreadyExists);
    CHECK(status.message().starts_with(second + ":1:1: "));
    CheckHolds(status.message(), first + ":1:1");
  }
}

TEST_CASE("scopes and namespaces choose what this application gets") {
  const std::string text = Component("mine", "scopes: [shop]\n") + "---\n" +
                           Component("theirs", "scopes: [other]\n") + "---\n" +
                           Component("far\n  namespace: elsewhere") + "---\n" +
                           Component("near\n  namespace: here") + "---\n" +
                           "apiVersion: dapr.io/v2alpha1\nkind: Subscription\n"
                           "metadata: {name: theirs}\nspec: {pubsubname: near, topic: t, "
                           "routes: {default: /t}}\nscopes: [other]\n";
  LoadOptions options = OptionsOf();
  options.name_space = "here";
  const auto filtered = LoadResources(options, {{}, {text}});
  REQUIRE(filtered.ok());
  REQUIRE(filtered->components.size() == 2);
  CHECK(filtered->components[0].name == "mine");
  CHECK(filtered->components[1].name == "near");
  CHECK(filtered->subscriptions.empty());
  REQUIRE(filtered->left_out.size() == 3);
  CHECK(filtered->left_out[0].name == "theirs");
  CHECK(filtered->left_out[0].reason == "its scopes do not name the app \"shop\"");
  CHECK(filtered->left_out[0].location.line > 1);
  CHECK(filtered->left_out[1].reason == "it is of the namespace \"elsewhere\"");
  CHECK(filtered->left_out[0].kind == "Component");
  CHECK(filtered->left_out[2].kind == "Subscription");
  options.filters_namespace = false;
  CHECK(LoadResources(options, {{}, {text}})->components.size() == 3);
  options.filters_namespace = true;
  options.name_space.clear();
  CHECK(LoadResources(options, {{}, {text}})->components.size() == 3);
}

TEST_CASE("one name may stand in several namespaces") {
  const std::string text =
      Component("orders\n  namespace: here") + "---\n" + Component("orders\n  namespace: there");
  LoadOptions options = OptionsOf();
  options.name_space = "there";
  const auto resources = LoadResources(options, {{}, {text}});
  REQUIRE(resources.ok());
  CHECK(resources->components.size() == 1);
}

TEST_CASE("what Dapr lets pass silently is an error in strict mode and a warning in its own") {
  CheckLenient("a: [1\n", "text 1:2:1: not valid YAML");
  CheckLenient("- a\n", "must be a mapping");
  CheckLenient("apiVersion: dapr.io/v1alpha1\nkind: Componet\nmetadata: {name: a}\n",
               "text 1:2:7: unknown kind \"Componet\". Did you mean \"Component\"?");
  CheckLenient("apiVersion: dapr.io/v1alpha2\nkind: Component\nmetadata: {name: a}\n",
               "Write \"apiVersion: dapr.io/v1alpha1\"");
  CheckLenient("apiVersion: Dapr.io/v1alpha1\nkind: Component\nmetadata: {name: a}\n",
               "Write \"apiVersion: dapr.io/v1alpha1\"");
  CheckLenient("apiversion: dapr.io/v1alpha1\nkind: Component\n", "Is it meant by \"apiversion\"?");
  CheckLenient("apiVersion: dapr.io/v1alpha1\nmetadata: {name: a}\n", "\"kind\" is missing");
  CheckLenient(Component("a", "  initTimeout: soon\n"), "text 1:8:16: spec.initTimeout \"soon\"");
  CheckLenient(Component("a", "  initTimeout: 0s\n"), "duration above zero");
  CheckLenient(Component("a", "  initTimeout: 30\n"), "Write one like \"30s\"");
  CheckLenient(Component("a", "  ignoreErrors: perhaps\n"), "spec.ignoreErrors");
  CheckLenient(Component("a", "  metadata: {a: b}\n"), "\"metadata\" must be a list");
  CheckLenient(Component("a", "  metadata: [a]\n"), "an entry of spec.metadata");
  CheckLenient(Component("a", "  metadata: [{value: b}]\n"), "has no name");
  CheckLenient(Component("a", "  metadata: [{name: b, secretKeyRef: {key: c}}]\n"),
               "secretKeyRef has no name");
  CheckLenient(Component("a", "  metadata: [{name: b, value: c, envRef: D}]\n"), "Keep one");
  CheckLenient(Component("a", "  metadata: [{name: b, value: c}, {name: B, value: d}]\n"),
               "\"B\" is set a second time, first at text 1:8:31");
  CheckLenient(Component("a", "scopes: shop\n"), "\"scopes\" must be a list");
}

TEST_CASE("in Dapr's mode a bad timeout or flag leaves its default") {
  const ResourceSet resources =
      Loaded(Component("a", "  initTimeout: soon\n  ignoreErrors: perhaps\n"), Strictness::kDapr);
  REQUIRE(resources.components.size() == 1);
  CHECK(resources.components[0].init_timeout == 5s);
  CHECK_FALSE(resources.components[0].ignores_errors);
  CHECK(resources.warnings.size() == 2);
}

TEST_CASE("some mistakes nobody lets pass") {
  CheckRefused("a: &x 1\n", "text 1:1:4: anchors");
  CheckRefused(Component("a", "  version: v2\n"), "the key \"version\" stands here a second time");
  CheckRefused("apiVersion: dapr.io/v1alpha1\nkind: Component\n", "metadata.name is missing");
  CheckRefused("apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: a}\n",
               "spec is missing");
  CheckRefused("apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: a}\nspec: {}\n",
               "spec.type is missing");
  CheckRefused(
      "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: a}\n"
      "spec: {type: redis}\n",
      "has no category");
  for (const char* name : {"a/b", "..", ".", "a%2f", "\"\""}) {
    CheckRefused(Component(name), "text 1:4:9: metadata.name");
  }
  CheckRefused(Component("a", "# " + std::string(1 << 20, 'x')), "larger than 1 MB");
}

TEST_CASE("what is not used is said and does not stop anything") {
  CheckWarning("apiVersion: v1\nkind: Secret\n", "apiVersion \"v1\" is ignored");
  CheckWarning("apiVersion: dapr.oi/v1alpha1\nkind: Component\n", "Did you mean \"dapr.io\"?");
  CheckWarning("apiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata: {name: a}\n",
               "kind Resiliency has no effect yet");
  CheckWarning(Component("a", "scope: [x]\n"),
               "text 1:8:1: unknown key \"scope\" in the document; it has no effect. Did you mean "
               "\"scopes\"?");
  CheckWarning(Component("a", "  initTimeOut: 5s\n"), "Did you mean \"initTimeout\"?");
  CheckWarning(Component("a", "  metadata: [{name: b, valeu: c}]\n"), "Did you mean \"value\"?");
  CheckWarning(Component("a") + "--- x: y\n", "what follows on that line is not read");
}

TEST_CASE("every mistake of a load is named in one error") {
  const Status status =
      Load(Component("a", "  initTimeout: x\n  ignoreErrors: z\n") + "---\nb: [\n").status();
  const std::string message(status.message());
  CheckHolds(message, "initTimeout");
  CheckHolds(message, "ignoreErrors");
  CheckHolds(message, "not valid YAML");
}

std::string Configuration(std::string_view spec) {
  return "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: {name: c}\nspec:\n" +
         std::string(spec);
}

TEST_CASE("Configuration documents merge field by field in load order") {
  const std::string scopes = Configuration(
      "  secrets:\n    scopes:\n      - storeName: vault\n        defaultAccess: deny\n"
      "        allowedSecrets: [a, b]\n      - {storeName: file, deniedSecrets: [c]}\n");
  const ResourceSet resources = Loaded(scopes + "---\n" + Configuration("  secrets: {}\n"));
  REQUIRE(resources.configuration.secret_scopes.size() == 2);
  const SecretScope& vault = resources.configuration.secret_scopes[0];
  CHECK(vault.store_name == "vault");
  CHECK_FALSE(vault.allows_by_default);
  CHECK(vault.allowed_secrets == std::vector<std::string>{"a", "b"});
  CHECK(resources.configuration.secret_scopes[1].allows_by_default);
  CHECK(resources.configuration.secret_scopes[1].denied_secrets == std::vector<std::string>{"c"});
  const ResourceSet replaced =
      Loaded(scopes + "---\n" + Configuration("  secrets: {scopes: [{storeName: env}]}\n"));
  REQUIRE(replaced.configuration.secret_scopes.size() == 1);
  CHECK(replaced.configuration.secret_scopes[0].store_name == "env");
}

TEST_CASE("mistakes in secret scopes are never passed over") {
  CheckRefused(Configuration("  secrets: {scopes: [{storeName: a, defaultAccess: maybe}]}\n"),
               "Write allow or deny");
  CheckRefused(Configuration("  secrets: {scopes: [{defaultAccess: deny}]}\n"),
               "storeName is missing");
  CheckRefused(Configuration("  secrets: {scopes: [{storeName: a}, {storeName: a}]}\n"),
               "limited a second time");
  CheckWarning(Configuration("  tracing: {samplingRate: \"1\"}\n"), "spec.tracing has no effect");
}

}  // namespace
}  // namespace mecha
