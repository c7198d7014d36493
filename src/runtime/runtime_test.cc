// SPDX-License-Identifier: Apache-2.0
#include "runtime/runtime.h"

#include <nlohmann/json.hpp>
#include <thread>

#include "result/status.h"
#include "result/status_or.h"
#include "support/catch.h"
#include "support/fake_components.h"
#include "support/moment.h"

namespace mecha {
namespace {

using namespace std::chrono_literals;
using test::AwaitThat;
using test::FakeBackEnd;
using test::Holds;
using test::Moment;
using Json = nlohmann::json;

std::string Document(const std::string& name, const std::string& type,
                     const std::string& more = {}) {
  return "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: " + name +
         "\nspec:\n  type: " + type + "\n  version: v1\n" + more;
}

const std::string kFake = Document("orders", "state.fake");
const std::string kIgnoresErrors = "  ignoreErrors: true\n";

std::string WithSecret(const std::string& name, const std::string& type, const std::string& secret,
                       const std::string& store) {
  return Document(name, type,
                  "  metadata:\n  - name: password\n    secretKeyRef:\n      name: " + secret +
                      "\n      key: " + secret + "\nauth:\n  secretStore: " + store + "\n");
}

struct RuntimeWorld {
  Status Open(const std::vector<std::string>& documents) {
    options.app_id = "shop";
    options.register_components = FakeBackEnd::Register;
    texts = documents;
    for (const std::string& text : texts) {
      options.resources.texts.push_back(text);
    }
    auto opened = Runtime::Open(options);
    if (opened.ok()) {
      runtime = *std::move(opened);
    }
    return opened.status();
  }
  void Start(const std::vector<std::string>& documents) {
    const Status open = Open(documents);
    INFO(open.message());
    REQUIRE(open.ok());
    const Status started = runtime->Start();
    INFO(started.message());
    REQUIRE(started.ok());
  }
  // A get of "k" that blocks, as the C interface makes it.
  Status Get(const std::string& store = "orders") {
    RETURN_IF_ERROR(runtime->Enter());
    const auto block = runtime->components().FindState(store);
    if (!block.ok()) {
      runtime->Leave();
      return block.status();
    }
    const Prepared prepared = (*block)->Get({}, "k", Consistency::kEventual);
    prepared.operation->RunBlocking();
    const Status status = prepared.operation->status();
    prepared.operation->Release();
    return status;
  }
  Json Describe() const { return Json::parse(runtime->Describe()); }
  std::string HealthOf(size_t component) const {
    return Describe()["components"][component]["health"];
  }

  FakeBackEnd back_end;
  RuntimeOptions options;
  std::vector<std::string> texts;
  std::unique_ptr<Runtime> runtime;
};

TEST_CASE("an unknown type is refused with its place and the nearest name") {
  RuntimeWorld world;
  const Status status = world.Open({Document("orders", "state.fak")});
  INFO(status.message());
  CHECK(IsInvalidArgument(status));
  CHECK(Holds(status, "state.fake"));
  CHECK(Holds(status, "text 1"));
}

TEST_CASE("an unknown version is refused with the versions there are") {
  RuntimeWorld world;
  std::string document = kFake;
  document.replace(document.find("v1\n"), 2, "v7");
  const Status status = world.Open({document});
  INFO(status.message());
  CHECK(IsInvalidArgument(status));
  CHECK(Holds(status, "\"state.fake\" has no version \"v7\" here. Write as spec.version: v1"));
}

TEST_CASE("an unknown type with ignoreErrors is left out with a warning") {
  RuntimeWorld world;
  world.Start({Document("other", "state.fak", kIgnoresErrors), kFake});
  CHECK(world.Describe()["components"].size() == 1);
  CHECK(world.Describe()["warnings"].size() == 1);
}

TEST_CASE("a module that is not installed is FAILED_PRECONDITION with its place and its file") {
  for (const std::string type : {"state.fake-module", "state.fake-alias"}) {
    RuntimeWorld world;
    const Status status = world.Open({Document("orders", type)});
    INFO(status.message());
    CHECK(IsFailedPrecondition(status));
    CHECK(Holds(status, "text 1:6"));
    CHECK(Holds(status, "state.fake-module.so"));
  }
  RuntimeWorld misspelt;
  CHECK(Holds(misspelt.Open({Document("orders", "state.fake-modul")}), "state.fake-module"));
}

TEST_CASE("a module that is not installed is left out with ignoreErrors") {
  RuntimeWorld world;
  world.Start({Document("other", "state.fake-module", kIgnoresErrors), kFake});
  CHECK(world.Describe()["components"].size() == 1);
  CHECK(world.Describe()["warnings"].size() == 1);
}

TEST_CASE("an unknown store's message names the ones there are") {
  RuntimeWorld world;
  world.Start({kFake, Document("vault", "secretstores.fake")});
  const Status status = world.Get("order");
  INFO(status.message());
  CHECK(IsNotFound(status));
  CHECK(Holds(status, "order"));
  CHECK(Holds(status, "orders"));
  CHECK_FALSE(Holds(status, "vault"));  // of another kind
  CHECK(IsNotFound(world.Get("vault")));
  CHECK(world.runtime->inside() == 0);
}

TEST_CASE("a store that is another application's is said to be left out") {
  RuntimeWorld world;
  world.Start({kFake, Document("theirs", "state.fake", "scopes: [other]\n")});
  const Status status = world.Get("theirs");
  INFO(status.message());
  CHECK(IsNotFound(status));
  CHECK(Holds(status, "text 2:1:1 is left out, because its scopes do not name the app \"shop\""));
  CHECK(world.Describe()["left_out"][0]["name"] == "theirs");
}

TEST_CASE("describe counts what is alive") {
  RuntimeWorld world;
  world.Start({kFake});
  const auto none = Json::parse(R"({"operations":0,"requests":0,"registrations":0,"queues":0})");
  CHECK(world.Describe()["live"] == none);
  {
    const auto queue = *world.runtime->OpenQueue({});
    CHECK(world.Describe()["live"]["queues"] == 1);
  }
  CHECK(world.Describe()["live"] == none);
}

TEST_CASE("opening starts nothing, and calls before the start are refused") {
  RuntimeWorld world;
  REQUIRE(world.Open({kFake}).ok());
  CHECK(world.back_end.events().empty());
  CHECK(IsFailedPrecondition(world.Get()));
  CHECK(IsFailedPrecondition(world.runtime->Suspend(0s, false, nullptr)));
  CHECK(IsFailedPrecondition(world.runtime->Resume()));
  CHECK(world.Describe()["phase"] == "opened");
}

TEST_CASE("a second start does nothing") {
  RuntimeWorld world;
  world.Start({kFake});
  CHECK(world.runtime->Start().ok());
  CHECK(world.back_end.Count("init orders") == 1);
}

TEST_CASE("a broken component fails the start, closes the rest, and start may be called again") {
  RuntimeWorld world;
  bool is_broken = true;
  world.back_end.init = [&](const std::string& name, const CallContext&, const Settings&) {
    return is_broken && name == "second" ? Unavailable("no route") : OkStatus();
  };
  REQUIRE(world.Open({kFake, Document("second", "state.fake-network")}).ok());
  const Status status = world.runtime->Start();
  INFO(status.message());
  CHECK(IsUnavailable(status));
  CHECK(Holds(status, "second"));
  CHECK(Holds(status, "no route"));
  CHECK(Holds(status, "text 2"));
  CHECK(world.back_end.Count("close orders") == 1);
  CHECK(IsFailedPrecondition(world.Get()));
  is_broken = false;
  REQUIRE(world.runtime->Start().ok());
  CHECK(IsNotFound(world.Get("second")));
  CHECK(world.runtime->host().pool().thread_count() == 0);  // those that connected have ended
}

TEST_CASE("why a component does not start names a field that had no effect") {
  RuntimeWorld world;
  world.back_end.init = [](const std::string&, const CallContext&, const Settings&) {
    return Unavailable("no route");
  };
  REQUIRE(world
              .Open({Document("orders", "state.fake",
                              "  metadata:\n  - {name: passwort, value: hunter2}\n")})
              .ok());
  const Status status = world.runtime->Start();
  INFO(status.message());
  CHECK(Holds(status, "has no field \"passwort\""));
  CHECK_FALSE(Holds(status, "hunter2"));
}

TEST_CASE("a broken component that ignores errors does not fail the start") {
  RuntimeWorld world;
  world.back_end.init = [](const std::string& name, const CallContext&, const Settings&) {
    return name == "second" ? Unavailable("no route") : OkStatus();
  };
  world.Start({kFake, Document("second", "state.fake", kIgnoresErrors)});
  CHECK(IsNotFound(world.Get()));
  const Status status = world.Get("second");
  CHECK(IsUnavailable(status));
  CHECK(Holds(status, "no route"));
  CHECK(world.HealthOf(1) == "broken");
  CHECK(world.Describe()["warnings"].size() == 1);
}

TEST_CASE("a lazy start tries a broken component again until it works") {
  RuntimeWorld world;
  std::atomic<int> tries{0};
  world.back_end.init = [&](const std::string&, const CallContext&, const Settings&) {
    return tries.fetch_add(1) < 3 ? Unavailable("no route") : OkStatus();
  };
  world.options.settings.start = StartPolicy::kLazy;
  world.Start({kFake});
  const Status broken = world.Get();
  CHECK(IsUnavailable(broken));
  CHECK(broken.message() == "state \"orders\" (state.fake): the component is broken: no route");
  CHECK(world.Describe()["components"][0]["reason_place"] == "text 1:6:9");
  for (int round = 0; round < 3; ++round) {
    REQUIRE(AwaitThat([&] {
      world.runtime->host().AdvanceClock(30s);
      return tries.load() >= 2 + round;
    }));
  }
  REQUIRE(AwaitThat([&] { return IsNotFound(world.Get()); }));
  CHECK(tries.load() == 4);
  CHECK(world.back_end.Count("close orders") == 3);  // of each failed try
}

TEST_CASE("a component of a failed try closes with the settings it was given") {
  RuntimeWorld world;
  std::atomic<int> tries{0};
  std::atomic<int> differences{0};
  std::string given;
  const Settings* settings_of_try = nullptr;
  world.back_end.init = [&](const std::string&, const CallContext&, const Settings& settings) {
    given = settings.Text("password");
    settings_of_try = &settings;
    return tries.fetch_add(1) < 2 ? Unavailable("no route") : OkStatus();
  };
  world.back_end.close = [&](const std::string&) {
    differences += settings_of_try->Text("password") != given ? 1 : 0;
  };
  world.options.settings.start = StartPolicy::kLazy;
  // A new text with each try.
  world.Start(
      {Document("orders", "state.fake", "  metadata:\n  - {name: password, value: \"{uuid}\"}\n")});
  REQUIRE(AwaitThat([&] {
    world.runtime->host().AdvanceClock(30s);
    return IsNotFound(world.Get());
  }));
  CHECK(given.size() == 36);
  CHECK(world.back_end.Count("close orders") == 2);
  CHECK(world.runtime->Shutdown(0s, nullptr).ok());
  CHECK(world.back_end.Count("close orders") == 3);
  CHECK(differences == 0);
}

TEST_CASE("suspend and shutdown end the tries of a lazy start; resume takes them up again") {
  RuntimeWorld world;
  std::atomic<bool> is_broken{true};
  std::atomic<int> tries{0};
  world.back_end.init = [&](const std::string&, const CallContext&, const Settings&) {
    tries.fetch_add(1);
    return is_broken.load() ? Unavailable("no route") : OkStatus();
  };
  world.options.settings.start = StartPolicy::kLazy;
  world.Start({kFake});
  REQUIRE(world.runtime->Suspend(1s, false, nullptr).ok());
  const int before = tries.load();
  world.runtime->host().AdvanceClock(1h);
  CHECK_FALSE(world.runtime->host().loop().has_thread());
  CHECK(tries.load() == before);
  is_broken.store(false);
  REQUIRE(world.runtime->Resume().ok());
  REQUIRE(AwaitThat([&] {
    world.runtime->host().AdvanceClock(1s);
    return IsNotFound(world.Get());
  }));
  CHECK(tries.load() == before + 1);
}

TEST_CASE("a try of a lazy start that hangs is stopped by shutdown") {
  RuntimeWorld world;
  Moment hangs;
  std::atomic<int> tries{0};
  world.back_end.init = [&](const std::string&, const CallContext& call, const Settings&) {
    if (tries.fetch_add(1) == 0) {
      return Unavailable("no route");
    }
    hangs.Come();
    return world.back_end.host.load()->Park(call);
  };
  world.options.settings.start = StartPolicy::kLazy;
  world.Start({kFake});
  REQUIRE(AwaitThat([&] {
    if (hangs.count() == 0) {
      world.runtime->host().AdvanceClock(600ms);
    }
    return hangs.count() == 1;
  }));
  CHECK(world.runtime->Shutdown(0s, nullptr).ok());
}

TEST_CASE("initTimeout bounds the start of a component, on the runtime's clock") {
  RuntimeWorld world;
  world.back_end.init = [&](const std::string&, const CallContext& call, const Settings&) {
    return world.back_end.host.load()->Park(call);
  };
  REQUIRE(world.Open({Document("orders", "state.fake", "  initTimeout: 1h\n")}).ok());
  std::atomic<bool> has_ended{false};
  std::thread mover([&] {
    AwaitThat([&] {
      world.runtime->host().AdvanceClock(10min);
      return has_ended.load();
    });
  });
  const Status status = world.runtime->Start();
  has_ended.store(true);
  mover.join();
  CHECK(IsDeadlineExceeded(status));
}

TEST_CASE("secret stores start first, in the order they need each other, and close last") {
  RuntimeWorld world;
  world.back_end.secrets = {{"a", {{"a", "one"}}}, {"b", {{"b", "two"}}}};
  std::map<std::string, std::string> passwords;
  world.back_end.init = [&](const std::string& name, const CallContext&, const Settings& settings) {
    passwords[name] = settings.Text("password");
    return OkStatus();
  };
  world.Start({WithSecret("orders", "state.fake", "b", "second"),
               WithSecret("second", "secretstores.fake", "a", "first"),
               Document("first", "secretstores.fake")});
  CHECK(world.back_end.events() ==
        std::vector<std::string>{"init first", "init second", "init orders"});
  CHECK(passwords["second"] == "one");
  CHECK(passwords["orders"] == "two");
  REQUIRE(world.runtime->Shutdown(0s, nullptr).ok());
  CHECK(world.back_end.events()[3] == "close orders");
}

TEST_CASE("a missing secret fails the start without telling any other") {
  RuntimeWorld world;
  world.back_end.secrets = {{"b", {{"b", "hush"}}}};
  REQUIRE(world
              .Open({Document("vault", "secretstores.fake"),
                     WithSecret("orders", "state.fake", "c", "vault")})
              .ok());
  const Status status = world.runtime->Start();
  INFO(status.message());
  CHECK_FALSE(status.ok());
  CHECK(Holds(status, "\"c\""));
  CHECK_FALSE(Holds(status, "hush"));
}

TEST_CASE("encryption without tls.so fails the start and names the field that wants it") {
  RuntimeWorld world;
  world.back_end.secrets = {{"k", {{"k", std::string(64, '7')}}}};
  std::string orders = WithSecret("orders", "state.fake", "k", "vault");
  orders.replace(orders.find("password"), 8, "primaryEncryptionKey");
  REQUIRE(world.Open({Document("vault", "secretstores.fake"), orders}).ok());
  const Status status = world.runtime->Start();
  INFO(status.message());
  CHECK(IsFailedPrecondition(status));
  CHECK(Holds(status, "primaryEncryptionKey: TLS and encryption are the module tls.so"));
}

TEST_CASE("describe shows health, counters and limits, and metrics the same counters") {
  RuntimeWorld world;
  world.Start({kFake});
  CHECK(IsNotFound(world.Get()));
  const Json described = world.Describe();
  CHECK(described["phase"] == "running");
  CHECK(described["app_id"] == "shop");
  CHECK(described["components"][0]["health"] == "ready");
  CHECK(described["components"][0]["counters"]["get"]["calls"] == 1);
  CHECK(described["limits"]["max_key_bytes"] == 1024);
  CHECK(described["inflight"] == 0);
  CHECK(world.runtime->Metrics().find(
            R"(mecha_operations_total{component="orders",type="state.fake",operation="get"} 1)") !=
        std::string::npos);
}

TEST_CASE("suspend stops threads and components, refuses calls, and resume undoes it") {
  RuntimeWorld world;
  world.Start({kFake});
  const std::string first_id = world.runtime->instance_id();
  Moment ran;
  world.runtime->host().PostBlocking([&] { ran.Come(); });
  REQUIRE(ran.Await());
  DrainReport report;
  REQUIRE(world.runtime->Suspend(1s, true, &report).ok());
  CHECK(report.abandoned == 0);
  CHECK(world.runtime->Suspend(1s, true, nullptr).ok());  // it is already
  CHECK(world.back_end.Count("suspend orders keep") == 1);
  CHECK(HasCode(world.Get(), StatusCode::kSuspended));
  CHECK(HasCode(world.runtime->Start(), StatusCode::kSuspended));
  CHECK(world.runtime->host().pool().thread_count() == 0);
  REQUIRE(world.runtime->Resume().ok());
  CHECK(IsNotFound(world.Get()));
  CHECK(world.runtime->instance_id() != first_id);
}

TEST_CASE("a component that does not resume leaves the runtime suspended, and all of it") {
  RuntimeWorld world;
  bool is_broken = true;
  world.back_end.resume = [&](const std::string& name) {
    return is_broken && name == "second" ? Unavailable("no route") : OkStatus();
  };
  world.Start({kFake, Document("second", "state.fake"), Document("third", "state.fake")});
  REQUIRE(world.runtime->Suspend(1s, false, nullptr).ok());
  const Status status = world.runtime->Resume();
  CHECK(IsUnavailable(status));
  CHECK(Holds(status, "second"));
  CHECK(HasCode(world.Get(), StatusCode::kSuspended));
  CHECK(world.back_end.Count("suspend orders") == 2);
  CHECK(world.back_end.Count("suspend third") == 1);  // it never resumed
  is_broken = false;
  CHECK(world.runtime->Resume().ok());
  CHECK(IsNotFound(world.Get()));
}

// A blocking get that parks until it is stopped, or for good with `is_deaf`.
struct ParkedWorld : RuntimeWorld {
  explicit ParkedWorld(bool is_deaf) {
    back_end.get = [this, is_deaf](const CallContext& call,
                                   std::string_view) -> StatusOr<StateValue> {
      parked.Come();
      if (is_deaf) {
        go.Await();
        return NotFound();
      }
      return back_end.host.load()->Park(call);
    };
    Start({kFake});
    caller = std::thread([this] { status = Get(); });
    REQUIRE(parked.Await());
  }
  ~ParkedWorld() {
    go.Come();
    if (caller.joinable()) {
      caller.join();
    }
  }
  Moment parked;
  Moment go;
  Status status;
  std::thread caller;
};

TEST_CASE("suspend wakes waiting callers with SUSPENDED and counts them") {
  ParkedWorld world(false);
  DrainReport report;
  CHECK(world.runtime->Suspend(1ms, false, &report).ok());
  CHECK(report.stopped == 1);
  CHECK(report.abandoned == 0);
  world.caller.join();
  CHECK(HasCode(world.status, StatusCode::kSuspended));
}

TEST_CASE("suspend with an operation that will not end gives up, and the runtime runs on") {
  ParkedWorld world(true);
  DrainReport report;
  CHECK(IsDeadlineExceeded(world.runtime->Suspend(1ms, false, &report)));
  CHECK(report.abandoned == 1);
  CHECK(world.runtime->phase() == Gate::Phase::kRunning);
  CHECK(world.back_end.Count("suspend orders") == 0);
  world.go.Come();
  world.caller.join();
  CHECK(IsNotFound(world.status));
  CHECK(IsNotFound(world.Get()));
  CHECK(world.runtime->Suspend(1s, false, nullptr).ok());
}

TEST_CASE("shutdown lets what runs end, and counts it") {
  ParkedWorld world(true);
  DrainReport report;
  std::thread opener([&] {
    AwaitThat([&] { return world.runtime->phase() == Gate::Phase::kClosed; });
    world.go.Come();
  });
  CHECK(world.runtime->Shutdown(60s, &report).ok());
  opener.join();
  CHECK(report.finished == 1);
  CHECK(report.stopped == 0);
  CHECK(HasCode(world.Get(), StatusCode::kClosed));
  CHECK(HasCode(world.runtime->Shutdown(0s, nullptr), StatusCode::kClosed));
  CHECK(HasCode(world.runtime->Resume(), StatusCode::kClosed));
  CHECK_FALSE(world.runtime->OpenQueue({}).ok());
}

TEST_CASE("shutdown stops waiting callers with CLOSED") {
  ParkedWorld world(false);
  DrainReport report;
  CHECK(IsDeadlineExceeded(world.runtime->Shutdown(0s, &report)));
  CHECK(report.stopped == 1);
  CHECK(world.runtime->CanBeDestroyed());
  world.caller.join();
  CHECK(HasCode(world.status, StatusCode::kClosed));
}

TEST_CASE("shutdown abandons what will not end and frees nothing of it") {
  ParkedWorld world(true);
  DrainReport report;
  CHECK(IsDeadlineExceeded(world.runtime->Shutdown(0s, &report)));
  CHECK(report.abandoned == 1);
  CHECK_FALSE(world.runtime->CanBeDestroyed());
  CHECK(world.back_end.Count("close orders") == 0);
  CHECK(Json::parse(report.ToJson())["abandoned"] == 1);
}

TEST_CASE("notices become events of the queues that asked for them") {
  RuntimeWorld world;
  world.Start({kFake});
  const auto logs = *world.runtime->OpenQueue({.wants_logs = true});
  const auto plain = *world.runtime->OpenQueue({});
  world.runtime->host().Log(Severity::kInfo, "orders", "connected");
  Result* taken[4] = {};
  CHECK(*plain->Poll(taken) == 0);
  REQUIRE(*logs->Poll(taken) == 1);
  REQUIRE(taken[0]->items().size() == 1);
  CHECK(taken[0]->items()[0].key == "orders");
  CHECK(taken[0]->items()[0].value.view() == "connected");
  CHECK(taken[0]->items()[0].number == static_cast<uint64_t>(Severity::kInfo));
  taken[0]->Release();
}

}  // namespace
}  // namespace mecha
